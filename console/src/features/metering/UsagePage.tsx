import { DownloadOutlined } from '@ant-design/icons'
import { Button, Segmented } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Element, Item } from '@/api/types'
import type { Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Money, Time } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Section } from '@/ui/Page'

const PATH = '/api/v1/metering/organisations/{organisation}/usage'

type Usage = Item<typeof PATH>
type Point = Element<'/api/v1/metering/organisations/{organisation}/usage/statistics'>

const DIMENSIONS = ['resource', 'model', 'scenario', 'project'] as const

function SpendChart({ organisation, by }: { organisation: string; by: string }) {
  const { t } = useTranslation('metering')
  const { data } = $api.useQuery('get', `${PATH}/statistics`, {
    params: { path: { organisation }, query: { by: [by], bucket: 'day' } as never },
  })
  const option = useMemo(() => {
    const points = (data ?? []) as Point[]
    const buckets = [...new Set(points.map((point) => point.bucket))].sort()
    const names = [...new Set(points.map((point) => Object.values(point.dimensions).join(' ') || '—'))]
    return {
      tooltip: { trigger: 'axis' },
      legend: { top: 4, type: 'scroll' },
      xAxis: { type: 'category', data: buckets.map((bucket) => bucket.slice(0, 10)) },
      yAxis: { type: 'value', name: '¥' },
      series: names.map((name) => ({
        name,
        type: 'bar',
        stack: 'spend',
        data: buckets.map((bucket) => {
          const found = points.find(
            (point) => point.bucket === bucket && (Object.values(point.dimensions).join(' ') || '—') === name,
          )
          return found ? found.cost_micro / 1e6 : 0
        }),
      })),
    }
  }, [data])
  return <LazyChart option={option} label={t('usage.chart')} height={280} />
}

function UsageTable({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const list = useListState(['by', 'resource', 'model', 'scenario'])
  const { by = 'resource', resource, model, scenario } = list.filters
  const query = $api.useQuery(
    'get',
    PATH,
    {
      params: {
        path: { organisation: organisation.id },
        query: { resource, model, scenario, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 30 },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Usage>[] = [
    { title: t('at'), render: (_, row) => <Time value={row.occurred_at} full /> },
    { title: t('usage.resource'), render: (_, row) => <code>{row.resource}</code> },
    { title: t('usage.model'), dataIndex: 'model' },
    { title: t('usage.scenario'), dataIndex: 'scenario' },
    { title: t('usage.quantity'), align: 'right', render: (_, row) => <span className="num">{row.quantity}</span> },
    {
      title: t('usage.price'),
      align: 'right',
      render: (_, row) => (
        <>
          <Money micro={row.unit_micro} /> / <span className="num">{row.per}</span>
        </>
      ),
    },
    { title: t('usage.cost'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
  ]
  return (
    <>
      <Section
        title={t('usage.chart')}
        extra={
          <Segmented
            value={by}
            onChange={(value) => list.setFilter('by', value === 'resource' ? null : value)}
            options={DIMENSIONS.map((value) => ({ value, label: t(`usage.${value}`) }))}
          />
        }
      >
        <SpendChart organisation={organisation.id} by={by} />
      </Section>
      <DataTable
        label={t('usage.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'resource', label: t('usage.resource') },
          { name: 'model', label: t('usage.model') },
          { name: 'scenario', label: t('usage.scenario') },
        ]}
        extra={
          <Button
            icon={<DownloadOutlined />}
            href={`/api/v1/metering/organisations/${organisation.id}/usage/export?format=csv`}
            download
          >
            {t('usage.export')}
          </Button>
        }
        expand={(row) => (
          <div className="row">
            {row.charges.map((charge) => (
              <span key={charge.wallet_id ?? 'general'}>
                {charge.wallet_id ? <code>{charge.wallet_id}</code> : t('balance.general')}{' '}
                <Money micro={charge.amount_micro} />
              </span>
            ))}
          </div>
        )}
        empty={<EmptyState title={t('usage.none')} next={t('usage.next')} />}
      />
    </>
  )
}

export function Component() {
  const { t } = useTranslation('metering')
  return (
    <OrganisationFrame title={t('usage.title')} description={t('usage.description')}>
      {(organisation) => <UsageTable organisation={organisation} />}
    </OrganisationFrame>
  )
}
