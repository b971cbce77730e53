import { usePreferences } from '@/app/preferences'
import { useSession, type Membership } from '@/app/session'

/** The organisation that the settings are about: the one chosen at the top, else the first that is not personal. */
export function useOrganisation(): Membership | undefined {
  const { organisations } = useSession()
  const { organisation } = usePreferences()
  return (
    organisations.find(({ id }) => id === organisation) ??
    organisations.find(({ kind }) => kind !== 'personal') ??
    organisations[0]
  )
}
