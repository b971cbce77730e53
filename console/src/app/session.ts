import { createContext, useContext } from 'react'

export type Role = 'viewer' | 'member' | 'maintainer' | 'owner'

export const ROLES: readonly Role[] = ['viewer', 'member', 'maintainer', 'owner']

export interface Membership {
  id: string
  name: string
  label: string
  kind: string
  role: Role
}

export interface Impersonation {
  admin: string
  reason: string
  endsAt: string
}

/** Who is signed in, and what the console may offer. Every right is checked again by the platform. */
export interface Session {
  /** Nobody is signed in: only what is open to the public is shown. */
  isGuest: boolean
  id: string
  name: string
  label: string
  email: string | null
  /** Id of the person's own organisation. */
  personalId: string | null
  isAdmin: boolean
  duties: ReadonlySet<string>
  organisations: Membership[]
  /** The administrator who acts as this person. */
  impersonation: Impersonation | null
}

/** The session of somebody who has not signed in. */
export const GUEST: Session = {
  isGuest: true,
  id: '',
  name: '',
  label: '',
  email: null,
  personalId: null,
  isAdmin: false,
  duties: new Set(),
  organisations: [],
  impersonation: null,
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
  return held !== undefined && ROLES.indexOf(held) >= ROLES.indexOf(role)
}

/** Whether the person holds one of these platform-wide duties; administrators hold all. */
export function serves(session: Session, ...duties: string[]): boolean {
  return session.isAdmin || duties.some((duty) => session.duties.has(duty))
}
