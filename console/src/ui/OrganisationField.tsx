import { Form, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { usePreferences } from '@/app/preferences'
import { holds, useSession, type Role } from '@/app/session'

/** The organisations in which one may start work, and the one to propose. */
export function useWorkplaces(role: Role = 'member') {
  const session = useSession()
  const { organisation } = usePreferences()
  const places = session.organisations.filter((membership) => holds(session, membership.id, role))
  const shared = places.find((place) => place.kind !== 'personal')
  return { places, proposed: places.find((place) => place.id === organisation) ?? shared ?? places[0] }
}

/** On whose account work is booked. */
export function OrganisationField({ name = 'org_id' }: { name?: string }) {
  const { t } = useTranslation()
  const { places } = useWorkplaces()
  return (
    <Form.Item name={name} label={t('organisation.account')} rules={[{ required: true, message: t('required') }]}>
      <Select options={places.map((place) => ({ value: place.id, label: place.label }))} />
    </Form.Item>
  )
}
