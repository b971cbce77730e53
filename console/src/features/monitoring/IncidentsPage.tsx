import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Status, type Tone } from '@/ui/Status'

type Incident = Item<'/api/v1/monitoring/incidents'>

const STATES: Record<string, Tone> = { open: 'bad', taken: 'active', resolved: 'good', dismissed: 'neutral' }
const SEVERITIES: Record<string, Tone> = { notice: 'active', warning: 'warn', serious: 'bad' }

export function IncidentState({ state }: { state: string }) {
  const { t } = useTranslation('monitoring')
  return <Status value={state} tone={STATES[state] ?? 'neutral'} label={t(`state.${state}`, { defaultValue: state })} />
}

export function Severity({ severity }: { severity: string }) {
  const { t } = useTranslation('monitoring')
  return (
    <Status
      value={severity}
      tone={SEVERITIES[severity] ?? 'neutral'}
      label={t(`severity.${severity}`, { defaultValue: severity })}
    />
  )
}

export function Component() {
  const { t } = useTranslation('monitoring')
  const text = useBilingual()
  const list = useListState(['state', 'severity'])
  const query = $api.useQuery(
    'get',
    '/api/v1/monitoring/incidents',
    {
      params: { query: { ...list.filters, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 30 } },
    },
    { placeholderData: (held) => held, refetchInterval: 10_000 },
  )
  const columns: Column<Incident>[] = [
    {
      title: t('column.what'),
      render: (_, row) => <Link to={`/governance/incidents/${row.id}`}>{text(row, 'title')}</Link>,
    },
    { title: t('column.state'), render: (_, row) => <IncidentState state={row.state} /> },
    { title: t('column.severity'), sort: 'severity', render: (_, row) => <Severity severity={row.severity} /> },
    {
      title: t('column.value'),
      render: (_, row) => (
        <>
          {t(`metric.${row.metric}`, { defaultValue: row.metric })} <Count value={row.highest} /> &gt;{' '}
          <Count value={row.threshold} />
        </>
      ),
    },
    { title: t('column.opened'), sort: 'opened_at', render: (_, row) => <Time value={row.opened_at} /> },
    { title: t('column.closed'), render: (_, row) => <Time value={row.closed_at} /> },
  ]
  return (
    <Page title={t('incidents.title')} description={t('incidents.description')}>
      <DataTable
        label={t('incidents.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('column.state'),
            options: Object.keys(STATES).map((value) => ({ value, label: t(`state.${value}`) })),
          },
          {
            name: 'severity',
            label: t('column.severity'),
            options: Object.keys(SEVERITIES).map((value) => ({ value, label: t(`severity.${value}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('incidents.none')} next={<Link to="/governance/rules">{t('incidents.next')}</Link>} />
        }
      />
    </Page>
  )
}
