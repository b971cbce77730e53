import type { Session } from '@/app/session'

/** Who may see the whole log: administrators, regulators and operators. */
export function mayOversee(session: Session): boolean {
  return session.isAdmin || session.duties.has('regulator') || session.duties.has('operator')
}
