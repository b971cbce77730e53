import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useNavigate, useSearchParams } from 'react-router'

/** A path of this console, never another site: `//evil.example` and the like lead home. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/'
}

/** Where to go once somebody is signed in: the page that asked for it. */
export function useEntry(): () => void {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [params] = useSearchParams()
  return useCallback(() => {
    queries.clear()
    void navigate(safeNext(params.get('next')), { replace: true })
  }, [queries, navigate, params])
}
