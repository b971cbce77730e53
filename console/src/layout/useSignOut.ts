import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'

/** Ends this browser's session and forgets everything that was fetched with it. */
export function useSignOut(): () => void {
  const queries = useQueryClient()
  const navigate = useNavigate()
  return useCallback(() => {
    void api.POST('/api/v1/auth/sign-out').finally(() => {
      void navigate('/login', { replace: true })
      queries.clear()
    })
  }, [queries, navigate])
}
