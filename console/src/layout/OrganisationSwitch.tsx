import { Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { usePreferences } from '@/app/preferences'
import { useSession } from '@/app/session'

const ALL = 'all'

/** Chooses the organisation whose work the pages show and on whose account new work is booked. */
export function OrganisationSwitch() {
  const session = useSession()
  const { organisation, update } = usePreferences()
  const { t } = useTranslation()
  const known = session.organisations.some((membership) => membership.id === organisation)
  return (
    <Select
      variant="borderless"
      aria-label={t('organisation.switch')}
      value={known ? organisation : ALL}
      popupMatchSelectWidth={240}
      style={{ minWidth: 84, maxWidth: 240, fontWeight: 600 }}
      onChange={(id: string) => update({ organisation: id === ALL ? null : id })}
      options={[
        { value: ALL, label: t('organisation.all') },
        ...session.organisations.map((membership) => ({ value: membership.id, label: membership.label })),
      ]}
    />
  )
}
