import { useQuery } from '@tanstack/react-query'

import { api } from '@/api/client'
import type { Got } from '@/api/types'

import type { Session } from './session'

type Me = Got<'/api/v1/me'>

export const SESSION_KEY = ['session'] as const

function sessionOf(me: Me): Session {
  return {
    isGuest: false,
    id: me.id,
    name: me.name,
    label: me.display_name,
    email: me.email,
    personalId: me.org_id,
    isAdmin: me.is_admin,
    duties: new Set(me.duties),
    organisations: me.organisations.map(({ id, name, display_name, kind, role }) => ({
      id,
      name,
      label: display_name,
      kind,
      role,
    })),
    impersonation: me.impersonation && {
      admin: me.impersonation.admin_name,
      reason: me.impersonation.reason,
      endsAt: me.impersonation.ends_at,
    },
  }
}

async function fetchSession({ signal }: { signal: AbortSignal }): Promise<Session> {
  const { data } = await api.GET('/api/v1/me', { signal })
  if (!data) throw new Error('the platform did not say who is signed in')
  return sessionOf(data)
}

/** Who is signed in. Fails with status 401 when nobody is. */
export function useSessionQuery() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: fetchSession, staleTime: 60_000 })
}
