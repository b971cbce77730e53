import { Alert, Button, Progress, Segmented, Select, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { formatNumber } from '@/lib/format'
import { useListState } from '@/lib/listState'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Decimal, Money, Stat, Stats, Time } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

import { Fleet } from './FleetSection'
import { HealthMark, PoolState } from './poolMarks'
import { useAccelerators, useRegions } from './words'

type Overview = Got<'/api/v1/compute/overview'>

const SPANS = ['24', '168', '720'] as const

function useResourceName() {
  const { t } = useTranslation('overview')
  const accelerators = useAccelerators()
  return (name: string) =>
    name === 'cpus' ? t('cpus') : (accelerators.find((each) => each.name === name)?.label ?? name)
}

function Alerts({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const { language } = usePreferences()
  return (
    <Section title={t('alerts')}>
      {seen.alerts.length === 0 && <span className="faint">{t('noAlerts')}</span>}
      <div style={{ display: 'grid', gap: 8 }}>
        {seen.alerts.map((alert) => (
          <Alert
            key={`${alert.code}${alert.path}`}
            type={alert.severity === 'bad' ? 'error' : 'warning'}
            showIcon
            title={<Link to={alert.path}>{alert[language]}</Link>}
          />
        ))}
      </div>
    </Section>
  )
}

function courseOption(course: Overview['course'], name: string, held: string, capacity: string) {
  const start = new Date(course.start).getTime()
  const points = (row: (number | null)[] | undefined) =>
    course.waiting.map((_, at) => [start + at * course.step_s * 1000, row ? row[at] : 0])
  return {
    tooltip: { trigger: 'axis' },
    legend: { top: 4 },
    xAxis: { type: 'time', min: start, max: start + course.waiting.length * course.step_s * 1000 },
    yAxis: { type: 'value', minInterval: 1 },
    series: [
      { name: held, type: 'line', step: 'start', areaStyle: { opacity: 0.25 }, data: points(course.held[name]) },
      {
        name: capacity,
        type: 'line',
        step: 'start',
        lineStyle: { type: 'dashed' },
        data: points(course.capacity[name] ?? course.waiting.map(() => null)),
      },
    ],
  }
}

function UseChart({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const named = useResourceName()
  const names = seen.resources.map((row) => row.name)
  const [chosen, setChosen] = useState<string | null>(null)
  const name = chosen ?? names[0] ?? 'cpus'
  const option = courseOption(seen.course, name, t('held'), t('capacity'))
  return (
    <Section
      title={t('use')}
      note={t('useNote')}
      extra={
        names.length > 1 && (
          <Select
            aria-label={t('resource')}
            value={name}
            onChange={setChosen}
            options={names.map((value) => ({ value, label: named(value) }))}
            style={{ minWidth: 180 }}
          />
        )
      }
    >
      <LazyChart option={option} label={t('use')} />
    </Section>
  )
}

function MoneyChart({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const option = useMemo(() => {
    const { course } = seen
    const start = new Date(course.start).getTime()
    const points = (row: number[], factor: number) =>
      row.map((value, at) => [start + at * course.step_s * 1000, value * factor])
    return {
      tooltip: { trigger: 'axis' },
      legend: { top: 4 },
      xAxis: { type: 'time', min: start, max: start + course.waiting.length * course.step_s * 1000 },
      yAxis: [
        { type: 'value', name: '¥' },
        { type: 'value', name: 'kg CO₂', splitLine: { show: false } },
        { type: 'value', name: 'kWh', offset: 64, splitLine: { show: false } },
      ],
      series: [
        { name: t('spend'), type: 'bar', data: points(course.cost_micro, 1e-6) },
        { name: t('carbon'), type: 'line', yAxisIndex: 1, data: points(course.carbon_kg, 1) },
        {
          name: t('energy'),
          type: 'line',
          yAxisIndex: 2,
          lineStyle: { type: 'dashed' },
          data: points(course.energy_kwh, 1),
        },
      ],
    }
  }, [seen, t])
  return (
    <Section title={t('money')}>
      <LazyChart option={option} label={t('money')} />
    </Section>
  )
}

function Pools({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const { t: tasks } = useTranslation('tasks')
  const named = useResourceName()
  const { name } = useRegions()
  return (
    <Section title={t('pools')} flush extra={<Link to="/compute/pools">{t('allPools')}</Link>}>
      <Table<Overview['pools'][number]>
        aria-label={t('pools')}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowKey="id"
        dataSource={seen.pools}
        columns={[
          { title: t('pool'), render: (_, row) => <Link to={`/compute/pools/${row.id}`}>{row.name}</Link> },
          {
            title: tasks('pools.kind'),
            render: (_, row) => tasks(`pools.kinds.${row.kind}`, { defaultValue: row.kind }),
          },
          { title: t('region'), render: (_, row) => (row.region ? name(row.region) : '—') },
          { title: tasks('pools.state'), render: (_, row) => <PoolState draining={row.state === 'draining'} /> },
          { title: tasks('pools.health'), render: (_, row) => <HealthMark health={row.health} /> },
          { title: t('nodes'), align: 'right', render: (_, row) => `${row.nodes_up} / ${row.nodes}` },
          {
            title: t('held'),
            render: (_, row) => (
              <div style={{ minWidth: 200 }}>
                {row.resources.map((one) => (
                  <div key={one.name} style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
                    <span style={{ minWidth: 64 }}>{named(one.name)}</span>
                    <Progress
                      percent={one.capacity ? (100 * one.held) / one.capacity : 0}
                      size="small"
                      style={{ flex: 1, margin: 0 }}
                      format={() => `${one.held} / ${one.capacity}`}
                      aria-label={named(one.name)}
                    />
                  </div>
                ))}
              </div>
            ),
          },
          { title: t('runs'), align: 'right', dataIndex: 'runs' },
        ]}
      />
    </Section>
  )
}

function Teams({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  return (
    <Section title={t('teams')} note={seen.everybody ? t('everybody') : t('mine')} flush>
      <Table<Overview['teams'][number]>
        aria-label={t('teams')}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowKey="org_id"
        dataSource={seen.teams}
        locale={{ emptyText: t('noUse') }}
        columns={[
          { title: t('team'), dataIndex: 'name' },
          { title: t('waiting'), align: 'right', dataIndex: 'waiting' },
          { title: t('running'), align: 'right', dataIndex: 'running' },
          {
            title: t('cards'),
            align: 'right',
            render: (_, row) => <Decimal value={row.accelerator_hours} digits={1} />,
          },
          { title: t('cores'), align: 'right', render: (_, row) => <Decimal value={row.core_hours} digits={2} /> },
          { title: t('spend'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
          {
            title: `${t('carbon')} kg`,
            align: 'right',
            render: (_, row) => <Decimal value={row.carbon_kg} digits={decimals(row.carbon_kg)} />,
          },
        ]}
      />
    </Section>
  )
}

function Regions({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const { name } = useRegions()
  return (
    <Section title={t('regions')} flush>
      <Table<Overview['regions'][number]>
        aria-label={t('regions')}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowKey="region"
        dataSource={seen.regions}
        locale={{ emptyText: t('noUse') }}
        columns={[
          { title: t('region'), render: (_, row) => (row.region ? name(row.region) : t('unnamed')) },
          {
            title: t('cards'),
            align: 'right',
            render: (_, row) => <Decimal value={row.accelerator_hours} digits={1} />,
          },
          { title: t('cores'), align: 'right', render: (_, row) => <Decimal value={row.core_hours} digits={2} /> },
          {
            title: `${t('energy')} kWh`,
            align: 'right',
            render: (_, row) => <Decimal value={row.energy_kwh} digits={decimals(row.energy_kwh)} />,
          },
          {
            title: `${t('carbon')} kg`,
            align: 'right',
            render: (_, row) => <Decimal value={row.carbon_kg} digits={decimals(row.carbon_kg)} />,
          },
          { title: t('spend'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
        ]}
      />
    </Section>
  )
}

function Longest({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const { language } = usePreferences()
  return (
    <Section title={t('longest')} flush>
      <Table<Overview['waiting'][number]>
        aria-label={t('longest')}
        size="small"
        pagination={false}
        rowKey="id"
        dataSource={seen.waiting}
        locale={{ emptyText: t('nobodyWaits') }}
        columns={[
          { title: t('task'), render: (_, row) => <Link to={`/compute/tasks/${row.id}`}>{row.name}</Link> },
          { title: t('since'), render: (_, row) => <Time value={row.since} /> },
          { title: t('why'), render: (_, row) => row[language] },
        ]}
      />
    </Section>
  )
}

/** Decimals that leave two figures of what is less than one: a small use is not none. */
function decimals(value: number): number {
  return value > 0 && value < 1 ? Math.min(9, Math.max(3, 1 - Math.floor(Math.log10(value)))) : 3
}

/** A figure in its unit, or in a thousandth of it where it is small. */
function scaled(value: number, unit: string, thousandth: string, language: 'zh' | 'en') {
  const [shown, name] = value > 0 && value < 0.1 ? [value * 1000, thousandth] : [value, unit]
  return `${formatNumber(shown, language, decimals(shown))} ${name}`
}

function Figures({ seen }: { seen: Overview }) {
  const { t } = useTranslation('overview')
  const { language } = usePreferences()
  const what = seen.assumed
    .map((name) => t(`assumptions.${name}`, { defaultValue: name }))
    .join(language === 'zh' ? '、' : ', ')
  const note = what ? { note: t('assumed', { what }) } : {}
  return (
    <Stats>
      <Stat label={t('running')} value={seen.running_count} note={t('ended', { count: seen.ended_count })} />
      <Stat label={t('waiting')} value={seen.waiting_count} />
      <Stat label={t('spend')} value={<Money micro={seen.cost_micro} />} />
      <Stat label={t('energy')} value={scaled(seen.energy_kwh, 'kWh', 'Wh', language)} {...note} />
      <Stat label={t('carbon')} value={scaled(seen.carbon_kg, 'kg', 'g', language)} {...note} />
    </Stats>
  )
}

export function Component() {
  const { t } = useTranslation('overview')
  const list = useListState(['span', 'region'])
  const named = useResourceName()
  const span = SPANS.find((one) => one === list.filters.span) ?? '24'
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/overview',
    { params: { query: { hours: Number(span) } } },
    { placeholderData: (held) => held, refetchInterval: 15_000 },
  )
  const seen = query.data
  const quiet = seen && seen.ended_count + seen.running_count + seen.waiting_count === 0
  return (
    <Page
      title={t('title')}
      description={t('description')}
      actions={
        <Segmented
          value={span}
          onChange={(value) => list.setFilter('span', value)}
          options={SPANS.map((value) => ({ value, label: t(`span.${value}`) }))}
        />
      }
    >
      {query.error ? <ProblemView error={query.error} onRetry={() => void query.refetch()} /> : null}
      {!seen && !query.error && <Loading />}
      {seen && (
        <>
          <Figures seen={seen} />
          <Alerts seen={seen} />
          <Fleet
            seen={seen}
            named={named}
            chosen={list.filters.region}
            onChoose={(region) => list.setFilter('region', region)}
          />
          {quiet ? (
            <Section>
              <EmptyState
                title={t('empty')}
                next={t('emptyNext')}
                action={
                  <>
                    <Link to="/compute/tasks">
                      <Button type="primary">{t('toTasks')}</Button>
                    </Link>
                    <Link to="/compute/twin">
                      <Button>{t('toTwin')}</Button>
                    </Link>
                  </>
                }
              />
            </Section>
          ) : (
            <>
              <div className="grid-2">
                <UseChart seen={seen} />
                <MoneyChart seen={seen} />
              </div>
              <Longest seen={seen} />
              <Teams seen={seen} />
              <Regions seen={seen} />
            </>
          )}
          <Pools seen={seen} />
        </>
      )}
    </Page>
  )
}
