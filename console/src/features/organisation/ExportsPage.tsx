import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Membership } from '@/app/session'
import { DataRequests } from '@/features/privacy/DataRequests'
import { Section } from '@/ui/Page'

import { OrganisationFrame } from './OrganisationFrame'

function Exports({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('organisation')
  const { message } = App.useApp()
  const path = { organisation: organisation.id }
  const query = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/exports',
    { params: { path, query: { limit: 50 } } },
    { refetchInterval: 10_000 },
  )
  const ask = async () => {
    try {
      await api.POST('/api/v1/organisations/{organisation}/exports', { params: { path } })
      await query.refetch()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <div className="stack">
      <Section title={t('exports.do')} note={t('exports.note')}>
        <Button type="primary" onClick={() => void ask()}>
          {t('exports.do')}
        </Button>
      </Section>
      <DataRequests query={query} />
    </div>
  )
}

/** All that an organisation has on the platform, as an archive. */
export function Component() {
  const { t } = useTranslation('organisation')
  return (
    <OrganisationFrame title={t('exports.title')} description={t('exports.description')}>
      {(organisation) => <Exports organisation={organisation} />}
    </OrganisationFrame>
  )
}
