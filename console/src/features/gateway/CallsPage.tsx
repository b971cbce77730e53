import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Money, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { CALL_TONES } from './tones'

type Call = Item<'/api/v1/gateway/calls'>

const STATUSES = ['ok', 'refused', 'blocked', 'failed', 'cancelled', 'interrupted'] as const

export function Component() {
  const { t } = useTranslation('gateway')
  const { organisation } = usePreferences()
  const list = useListState(['model', 'status', 'scenario', 'flagged', 'in_doubt'])
  const { model, status, scenario, flagged, in_doubt: doubt } = list.filters
  const query = $api.useQuery(
    'get',
    '/api/v1/gateway/calls',
    {
      params: {
        query: {
          model,
          status: status as Call['status'] as (typeof STATUSES)[number] | undefined,
          scenario,
          flagged: flagged ? flagged === 'true' : undefined,
          in_doubt: doubt ? doubt === 'true' : undefined,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 30,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Call>[] = [
    {
      title: t('calls.at'),
      sort: 'at',
      render: (_, call) => (
        <Link to={`/models/calls/${call.id}`}>
          <Time value={call.at} full />
        </Link>
      ),
    },
    {
      title: t('field.model'),
      render: (_, call) => (
        <>
          {call.model}
          <div className="faint">{t(`capability.${call.endpoint}`, { defaultValue: call.endpoint })}</div>
        </>
      ),
    },
    {
      title: t('calls.status'),
      render: (_, call) => (
        <>
          <Status
            value={call.status}
            tone={CALL_TONES[call.status] ?? 'neutral'}
            label={t(`callStatus.${call.status}`, { defaultValue: call.status })}
          />
          {call.code && <div className="faint mono">{call.code}</div>}
        </>
      ),
    },
    { title: t('calls.flags'), render: (_, call) => call.flagged && <Tag color="gold">{t('calls.flagged')}</Tag> },
    {
      title: t('tokens'),
      align: 'right',
      render: (_, call) => (
        <>
          <Count value={call.prompt_tokens} /> + <Count value={call.completion_tokens} />
        </>
      ),
    },
    {
      title: t('calls.latency'),
      align: 'right',
      render: (_, call) => <span className="num">{Math.round(call.total_ms)} ms</span>,
    },
    { title: t('calls.cost'), align: 'right', render: (_, call) => <Money micro={call.cost_micro} /> },
    { title: t('calls.scenario'), render: (_, call) => call.scenario || '—' },
  ]
  return (
    <Page title={t('calls.title')} description={t('calls.description')}>
      <DataTable
        label={t('calls.title')}
        query={query}
        columns={columns}
        rowKey={(call) => call.id}
        list={list}
        filters={[
          { name: 'model', label: t('field.model') },
          {
            name: 'status',
            label: t('calls.status'),
            options: STATUSES.map((value) => ({ value, label: t(`callStatus.${value}`) })),
          },
          { name: 'scenario', label: t('calls.scenario') },
          { name: 'flagged', label: t('calls.flags'), options: [{ value: 'true', label: t('calls.flagged') }] },
          { name: 'in_doubt', label: t('calls.charge'), options: [{ value: 'true', label: t('calls.inDoubt') }] },
        ]}
        empty={<EmptyState title={t('calls.none')} next={<Link to="/models/playground">{t('calls.next')}</Link>} />}
      />
    </Page>
  )
}
