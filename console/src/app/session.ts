import { createContext, useContext } from 'react'

export type Role = 'viewer' | 'member' | 'maintainer' | 'owner'

const ROLE_ORDER: readonly Role[] = ['viewer', 'member', 'maintainer', 'owner']

export interface Membership {
  id: string
  name: string
  label: string
  role: Role
}

/** Who is signed in, and what the console may offer. Every right is checked again by the platform. */
export interface Session {
  id: string
  name: string
  label: string
  email: string | null
  isAdmin: boolean
  duties: ReadonlySet<string>
  organisations: Membership[]
  /** The administrator who acts as this person. */
  impersonator: string | null
}

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('useSession needs a signed-in shell above it')
  return session
}

/** Whether the role held in the organisation includes `role`. */
export function holds(session: Session, organisation: string | null, role: Role): boolean {
  if (session.isAdmin) return true
  const held = session.organisations.find((membership) => membership.id === organisation)?.role
  return held !== undefined && ROLE_ORDER.indexOf(held) >= ROLE_ORDER.indexOf(role)
}
