import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Time } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Page, Section } from '@/ui/Page'

type Call = Item<'/api/v1/gateway/calls'>

const HOURS = 24
const HOUR_MS = 3_600_000

function Codes({ organisation }: { organisation: string | null }) {
  const { t } = useTranslation('gateway')
  const [since] = useState(() => new Date(Math.floor(Date.now() / HOUR_MS - HOURS) * HOUR_MS).toISOString())
  const { data } = $api.useQuery('get', '/api/v1/gateway/stats', {
    params: { query: { org_id: organisation ?? undefined, since, step_s: 3600 } },
  })
  const codes = Object.entries(data?.codes ?? {}).slice(0, 12)
  if (codes.length === 0) return null
  const option = {
    tooltip: { trigger: 'axis' },
    grid: { left: 190, right: 24, top: 8, bottom: 24 },
    xAxis: { type: 'value' },
    yAxis: { type: 'category', inverse: true, data: codes.map(([code]) => code) },
    series: [{ type: 'bar', name: t('monitor.calls'), data: codes.map(([, count]) => count) }],
  }
  return (
    <Section title={t('errors.codes')} note={t('errors.codesNote')}>
      <LazyChart option={option} label={t('errors.codes')} height={60 + 26 * codes.length} />
    </Section>
  )
}

/** Calls that failed, with what their upstream said of it. */
export function Component() {
  const { t } = useTranslation('gateway')
  const { organisation } = usePreferences()
  const list = useListState(['model', 'code'])
  const query = $api.useQuery(
    'get',
    '/api/v1/gateway/calls',
    {
      params: {
        query: {
          status: 'failed' as const,
          model: list.filters.model,
          code: list.filters.code,
          org_id: organisation ?? undefined,
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
          <div className="faint">{call.upstream}</div>
        </>
      ),
    },
    {
      title: t('errors.code'),
      render: (_, call) => (
        <>
          <Count value={call.http_status} /> <code>{call.code}</code>
        </>
      ),
    },
    {
      title: t('errors.words'),
      render: (_, call) =>
        call.upstream_words ? (
          <q style={{ overflowWrap: 'anywhere' }}>{call.upstream_words}</q>
        ) : (
          <span className="faint">{t('errors.silent')}</span>
        ),
    },
  ]
  return (
    <Page title={t('errors.title')} description={t('errors.description')}>
      <Codes organisation={organisation} />
      <DataTable
        label={t('errors.title')}
        query={query}
        columns={columns}
        rowKey={(call) => call.id}
        list={list}
        filters={[
          { name: 'model', label: t('field.model') },
          { name: 'code', label: t('errors.code') },
        ]}
        empty={<EmptyState title={t('errors.none')} next={t('errors.next')} />}
      />
    </Page>
  )
}
