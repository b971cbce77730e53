import { DownloadOutlined } from '@ant-design/icons'
import { Button, Segmented, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { useSession, type Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Money, Stat, Stats } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Section } from '@/ui/Page'

import { download, toCsv } from './csv'
import { sumsOf, type Measure, type Point, type Sum } from './usage'

const DIMENSIONS = ['token_id', 'model', 'project', 'scenario'] as const
const SPANS = { day: [1, 'hour'], week: [7, 'day'], month: [30, 'day'] } as const
const DAY_MS = 86_400_000
const SHOWN = 12
const MEASURES: Measure[] = ['cost', 'tokens', 'requests']
const UNITS: Record<Measure, string> = { cost: '¥', tokens: '', requests: '' }

type Span = keyof typeof SPANS

/** The names of an organisation's keys by id, of those too that have ended, and of its people where they call from their own session; ids stay where
 * one may not see them. */
function useKeyNames(organisation: string): (id: string) => string {
  const { id, label } = useSession()
  const own = $api.useQuery('get', '/api/v1/tokens', { params: { query: { limit: 200, usable: false } } })
  const shared = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/tokens',
    { params: { path: { organisation }, query: { limit: 200, usable: false } } },
    { retry: false },
  )
  const members = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/members',
    { params: { path: { organisation }, query: { limit: 200 } } },
    { retry: false },
  )
  return useMemo(() => {
    const rows = [...(own.data?.items ?? []), ...(shared.data?.items ?? [])]
    const names = new Map(rows.map((row) => [row.id, `${row.name} …${row.ending}`]))
    if (id) names.set(id, label)
    for (const person of members.data?.items ?? []) names.set(person.person_id, person.display_name || person.name)
    return (key: string) => names.get(key) ?? key
  }, [own.data, shared.data, members.data, id, label])
}

function Usage({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('gateway')
  const list = useListState(['by', 'span', 'of'])
  const by = list.filters.by ?? 'token_id'
  const span = (list.filters.span ?? 'week') as Span
  const [days, bucket] = SPANS[span] ?? SPANS.week
  const nameOf = useKeyNames(organisation.id)
  const [today] = useState(() => Math.floor(Date.now() / DAY_MS))
  const start = new Date((today - days + 1) * DAY_MS).toISOString()
  const query = $api.useQuery('get', '/api/v1/metering/organisations/{organisation}/usage/statistics', {
    params: { path: { organisation: organisation.id }, query: { by: [by, 'resource'], bucket, start } as never },
  })
  const { sums, buckets } = useMemo(() => {
    const found = sumsOf((query.data ?? []) as Point[], by)
    const named = by === 'token_id' ? found.sums.map((sum) => ({ ...sum, name: nameOf(sum.name) })) : found.sums
    return { ...found, sums: named }
  }, [query.data, by, nameOf])
  const total = (pick: (sum: Sum) => number) => sums.reduce((all, sum) => all + pick(sum), 0)
  // Where nothing costs anything a chart of money would be empty.
  const of = MEASURES.find((one) => one === list.filters.of) ?? (total((sum) => sum.costMicro) > 0 ? 'cost' : 'tokens')
  const option = {
    tooltip: { trigger: 'axis' },
    legend: { top: 4, type: 'scroll' },
    xAxis: { type: 'category', data: buckets.map((one) => (bucket === 'hour' ? one.slice(11, 16) : one.slice(0, 10))) },
    yAxis: { type: 'value', name: UNITS[of] },
    series: sums.slice(0, SHOWN).map((sum) => ({
      name: sum.name,
      type: 'bar',
      stack: of,
      data: buckets.map((one) => sum.byBucket[one]?.[of] ?? 0),
    })),
  }
  const save = () =>
    download(
      `gateway-usage-by-${by}.csv`,
      toCsv([
        [by, 'requests', 'input_tokens', 'output_tokens', 'cost_yuan', ...buckets.map((one) => `cost_yuan ${one}`)],
        ...sums.map((sum) => [
          sum.name,
          sum.requests,
          sum.input,
          sum.output,
          sum.costMicro / 1e6,
          ...buckets.map((one) => sum.byBucket[one]?.cost ?? 0),
        ]),
      ]),
    )
  const columns: Column<Sum>[] = [
    { title: t(`usage.by.${by}`), render: (_, sum) => sum.name },
    { title: t('monitor.calls'), align: 'right', render: (_, sum) => <Count value={sum.requests} /> },
    { title: t('calls.input'), align: 'right', render: (_, sum) => <Count value={sum.input} /> },
    { title: t('calls.output'), align: 'right', render: (_, sum) => <Count value={sum.output} /> },
    { title: t('calls.cost'), align: 'right', render: (_, sum) => <Money micro={sum.costMicro} /> },
  ]
  if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  return (
    <>
      <Stats>
        <Stat label={t('monitor.calls')} value={<Count value={total((sum) => sum.requests)} />} />
        <Stat label={t('calls.input')} value={<Count value={total((sum) => sum.input)} />} />
        <Stat label={t('calls.output')} value={<Count value={total((sum) => sum.output)} />} />
        <Stat label={t('calls.cost')} value={<Money micro={total((sum) => sum.costMicro)} />} />
      </Stats>
      <Section
        title={t(`usage.of.${of}`)}
        extra={
          <span className="row">
            <Select
              value={of}
              aria-label={t('usage.measure')}
              onChange={(value: Measure) => list.setFilter('of', value)}
              options={MEASURES.map((value) => ({ value, label: t(`usage.of.${value}`) }))}
            />
            <Segmented
              value={by}
              onChange={(value) => list.setFilter('by', value)}
              options={DIMENSIONS.map((value) => ({ value, label: t(`usage.by.${value}`) }))}
            />
            <Select
              value={span}
              aria-label={t('monitor.span')}
              onChange={(value: Span) => list.setFilter('span', value)}
              options={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`usage.span.${value}`) }))}
            />
          </span>
        }
      >
        <LazyChart option={option} label={t(`usage.of.${of}`)} height={280} />
      </Section>
      <DataTable
        label={t('usage.title')}
        query={{ ...query, data: { items: sums } }}
        columns={columns}
        rowKey={(sum) => sum.name}
        extra={
          <>
            <Button icon={<DownloadOutlined />} disabled={sums.length === 0} onClick={save}>
              {t('usage.csv')}
            </Button>
            <Button
              icon={<DownloadOutlined />}
              href={`/api/v1/metering/organisations/${organisation.id}/usage/export?format=csv`}
              download
            >
              {t('usage.events')}
            </Button>
          </>
        }
        empty={<EmptyState title={t('usage.none')} next={t('usage.next')} />}
      />
    </>
  )
}

/** What an organisation's calls of models used and cost, by key, model, project or scenario. */
export function Component() {
  const { t } = useTranslation('gateway')
  return (
    <OrganisationFrame title={t('usage.title')} description={t('usage.description')}>
      {(organisation) => <Usage organisation={organisation} />}
    </OrganisationFrame>
  )
}
