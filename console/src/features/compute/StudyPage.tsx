import { Alert, Button, Popconfirm, Select, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import { usePreferences } from '@/app/preferences'
import { saveAs } from '@/features/gateway/csv'
import { OPEN_STATES } from '@/features/jobs/stream'
import { formatDuration } from '@/lib/format'
import { ProblemView } from '@/ui/Feedback'
import { Count, Decimal, Duration, Percent, Time } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { assumedOf, PERCENTILES, resultsOf, type Result, type Study } from './study'
import { useRegions } from './words'

const shared = { tooltip: { trigger: 'axis' }, legend: { top: 4 } }

/** A figure with its difference from the first scenario's. */
function Beside({ value, first, children }: { value: number | null; first: number | null; children: React.ReactNode }) {
  const change = value !== null && first ? (value - first) / first : null
  return (
    <>
      {children}
      {change !== null && Math.abs(change) >= 0.0005 && (
        <div className="faint num">
          {change > 0 ? '+' : '−'}
          <Percent ratio={Math.abs(change)} />
        </div>
      )}
    </>
  )
}

function Comparison({ results }: { results: Result[] }) {
  const { t } = useTranslation('twin')
  const first = results[0]
  const resources = [...new Set(results.flatMap((row) => Object.keys(row.resources)))]
  const figure = (
    title: string,
    of: (row: Result) => number | null,
    show: (value: number | null) => React.ReactNode,
  ) => ({
    title,
    align: 'right' as const,
    render: (_: unknown, row: Result) => (
      <Beside value={of(row)} first={first && row !== first ? of(first) : null}>
        {show(of(row))}
      </Beside>
    ),
  })
  const time = (value: number | null) => <Duration seconds={value} />
  const plain = (value: number | null) => <Decimal value={value} digits={1} />
  return (
    <Section title={t('result')} note={t('compared')} flush>
      <Table<Result>
        aria-label={t('result')}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowKey="name"
        dataSource={results}
        columns={[
          { title: t('scenarios'), dataIndex: 'name', fixed: 'left' },
          { title: t('done'), align: 'right', render: (_, row) => `${row.totals.done} / ${row.totals.tasks}` },
          { title: t('late'), align: 'right', render: (_, row) => <Count value={row.totals.late} /> },
          { title: t('stuck'), align: 'right', render: (_, row) => <Count value={row.totals.waiting} /> },
          { title: t('moves'), align: 'right', render: (_, row) => <Count value={row.totals.moves} /> },
          figure(t('mean'), (row) => row.totals.wait_s.mean, time),
          figure(t('p95'), (row) => row.totals.wait_s.p95, time),
          figure(t('p99'), (row) => row.totals.wait_s.p99, time),
          figure(`${t('cost')} ¥`, (row) => row.totals.cost_yuan, plain),
          figure(`${t('copy')} ¥`, (row) => row.totals.copy_yuan, plain),
          figure(`${t('carbon')} kg`, (row) => row.totals.carbon_kg, plain),
          ...resources.map((name) => ({
            title: t('used', { name: name === 'cpus' ? t('cpus') : name }),
            align: 'right' as const,
            render: (_: unknown, row: Result) => <Percent ratio={row.resources[name]?.utilisation ?? null} />,
          })),
        ]}
      />
    </Section>
  )
}

/** Which scenario is best by what, and among which; there is not one best of all. */
function Best({ best, results }: { best: Study['best']; results: Result[] }) {
  const { t } = useTranslation('twin')
  const { language } = usePreferences()
  if (!best || results.length < 2) return null
  const left = results.filter((row) => !best.counted.includes(row.name))
  const names = left.map((row) => row.name).join(language === 'zh' ? '、' : ', ')
  return (
    <Alert
      type="info"
      showIcon
      title={`${t('best')} · ${t('bestNote', { wait: best.wait, cost: best.cost, carbon: best.carbon })}`}
      description={
        left.length > 0
          ? t('bestAmong', { done: best.done, names, count: best.counted.length, whole: results.length })
          : t('bestAmongAll', { done: best.done })
      }
    />
  )
}

function Courses({ results }: { results: Result[] }) {
  const { t } = useTranslation('twin')
  const names = [...new Set(results.flatMap((row) => Object.keys(row.series.used)))].sort(
    (a, b) => Number(a === 'cpus') - Number(b === 'cpus'),
  )
  const [chosen, setChosen] = useState<string | null>(null)
  const name = chosen ?? names[0] ?? 'cpus'
  const line = (row: Result, values: number[], factor = 1) => ({
    name: row.name,
    type: 'line',
    data: values.map((value, at) => [(at * row.series.step_s) / 3600, value * factor]),
  })
  const xAxis = { type: 'value', axisLabel: { formatter: '{value} h' } }
  const options = {
    used: {
      ...shared,
      xAxis,
      yAxis: { type: 'value', min: 0, max: 100, axisLabel: { formatter: '{value}%' } },
      series: results.map((row) => line(row, row.series.used[name] ?? [], 100)),
    },
    queue: {
      ...shared,
      xAxis,
      yAxis: { type: 'value' },
      series: results.map((row) => line(row, row.series.queue)),
    },
  }
  return (
    <div className="grid-2">
      <Section
        title={t('utilisation')}
        extra={
          <Select
            aria-label={t('resource')}
            value={name}
            onChange={setChosen}
            options={names.map((value) => ({ value, label: value === 'cpus' ? t('cpus') : value }))}
            style={{ minWidth: 140 }}
          />
        }
      >
        <LazyChart option={options.used} label={t('utilisation')} />
      </Section>
      <Section title={t('queue')}>
        <LazyChart option={options.queue} label={t('queue')} />
      </Section>
    </div>
  )
}

function Bars({ results }: { results: Result[] }) {
  const { t } = useTranslation('twin')
  const { language } = usePreferences()
  const options = useMemo(
    () => ({
      waits: {
        tooltip: {
          trigger: 'axis',
          valueFormatter: (value: unknown) => (typeof value === 'number' ? formatDuration(value * 60, language) : '—'),
        },
        legend: { top: 4 },
        xAxis: { type: 'category', data: [...PERCENTILES] },
        yAxis: { type: 'value', name: 'min' },
        series: results.map((row) => ({
          name: row.name,
          type: 'bar',
          data: PERCENTILES.map((part) => (row.totals.wait_s[part] ?? 0) / 60),
        })),
      },
      spending: {
        ...shared,
        xAxis: {
          type: 'category',
          data: results.map((row) => row.name),
          axisLabel: { interval: 0, hideOverlap: true },
        },
        yAxis: [
          { type: 'value', name: '¥' },
          { type: 'value', name: 'kg CO₂', splitLine: { show: false } },
        ],
        series: [
          { name: t('cost'), type: 'bar', data: results.map((row) => row.totals.cost_yuan) },
          { name: t('carbon'), type: 'bar', yAxisIndex: 1, data: results.map((row) => row.totals.carbon_kg) },
        ],
      },
    }),
    [results, language, t],
  )
  return (
    <div className="grid-2">
      <Section title={t('waits')}>
        <LazyChart option={options.waits} label={t('waits')} />
      </Section>
      <Section title={t('spending')}>
        <LazyChart option={options.spending} label={t('spending')} />
      </Section>
    </div>
  )
}

function Details({ results }: { results: Result[] }) {
  const { t } = useTranslation('twin')
  const { name } = useRegions()
  const [chosen, setChosen] = useState(results[0]?.name ?? '')
  const row = results.find((one) => one.name === chosen) ?? results[0]
  if (!row) return null
  const pick = (
    <Select
      aria-label={t('scenarios')}
      value={row.name}
      onChange={setChosen}
      options={results.map((one) => ({ value: one.name, label: one.name }))}
      style={{ minWidth: 160 }}
    />
  )
  return (
    <div className="grid-2">
      <Section title={t('places')} note={t('ticks', { seconds: Math.round(row.tick_s) })} extra={pick} flush>
        <Table<Result['places'][number]>
          aria-label={t('places')}
          size="small"
          pagination={false}
          scroll={{ x: 'max-content' }}
          rowKey="place"
          dataSource={row.places}
          columns={[
            {
              title: t('place'),
              render: (_, one) => (
                <div>
                  {one.place}
                  {one.region && <div className="faint">{name(one.region)}</div>}
                </div>
              ),
            },
            {
              title: t('used', { name: '' }).trim(),
              align: 'right',
              render: (_, one) => <Percent ratio={one.utilisation} />,
            },
            { title: t('amount'), align: 'right', render: (_, one) => <Decimal value={one.hours} digits={0} /> },
            {
              title: `${t('cost')} ¥`,
              align: 'right',
              render: (_, one) => <Decimal value={one.cost_yuan} digits={0} />,
            },
            {
              title: `${t('carbon')} kg`,
              align: 'right',
              render: (_, one) => <Decimal value={one.carbon_kg} digits={0} />,
            },
          ]}
        />
      </Section>
      <Section title={t('owners')} flush>
        <Table<Result['owners'][number]>
          aria-label={t('owners')}
          size="small"
          pagination={false}
          scroll={{ x: 'max-content' }}
          rowKey="owner"
          dataSource={row.owners}
          columns={[
            { title: t('owner'), dataIndex: 'owner' },
            { title: t('tasks'), align: 'right', render: (_, one) => <Count value={one.tasks} /> },
            { title: t('amount'), align: 'right', render: (_, one) => <Decimal value={one.hours} digits={0} /> },
            { title: t('mean'), align: 'right', render: (_, one) => <Duration seconds={one.wait_s.mean} /> },
            { title: t('p95'), align: 'right', render: (_, one) => <Duration seconds={one.wait_s.p95} /> },
            {
              title: `${t('cost')} ¥`,
              align: 'right',
              render: (_, one) => <Decimal value={one.cost_yuan} digits={0} />,
            },
          ]}
        />
      </Section>
    </div>
  )
}

function Actions({ study }: { study: Study }) {
  const { t } = useTranslation('twin')
  const navigate = useNavigate()
  const [error, setError] = useState<unknown>(null)
  const ended = !OPEN_STATES.has(study.state)
  const csv = async (what: 'totals' | 'series') => {
    const { data } = await api.GET('/api/v1/compute/twin/studies/{study_id}/export', {
      params: { path: { study_id: study.id }, query: { what } },
      parseAs: 'blob',
    })
    if (data) saveAs(`${study.id}-${what}.csv`, data as unknown as Blob)
  }
  const remove = async () => {
    try {
      await api.DELETE('/api/v1/compute/twin/studies/{study_id}', { params: { path: { study_id: study.id } } })
      void navigate('/compute/twin')
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <>
      {error !== null && <ProblemView error={error} />}
      {study.results.length > 0 && (
        <>
          <Button onClick={() => void csv('totals')}>{t('exportTotals')}</Button>
          <Button onClick={() => void csv('series')}>{t('exportSeries')}</Button>
          <Button
            onClick={() =>
              saveAs(`${study.id}.json`, new Blob([JSON.stringify(study, null, 1)], { type: 'application/json' }))
            }
          >
            {t('exportJson')}
          </Button>
        </>
      )}
      <Button type="primary" onClick={() => void navigate(`/compute/twin/new?from=${study.id}`)}>
        {t('again')}
      </Button>
      {ended && (
        <Popconfirm title={t('removeSure')} okText={t('remove')} onConfirm={() => void remove()}>
          <Button danger>{t('remove')}</Button>
        </Popconfirm>
      )}
    </>
  )
}

function Assumptions({ study }: { study: Study }) {
  const { t } = useTranslation('twin')
  const { language } = usePreferences()
  const names = assumedOf((study.world as { places: { assumed: string[] }[] }).places)
  if (names.length === 0) return null
  const what = names
    .map((name) => t(`assumptions.${name}`, { defaultValue: name }))
    .join(language === 'zh' ? '、' : ', ')
  return <p className="faint">{t('assumed', { what })}</p>
}

export function Component() {
  const { t } = useTranslation('twin')
  const { studyId = '' } = useParams()
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/twin/studies/{study_id}',
    { params: { path: { study_id: studyId } } },
    { refetchInterval: (q) => (q.state.data && OPEN_STATES.has(q.state.data.state) ? 2000 : false) },
  )
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const study = query.data
  if (!study) return <Loading />
  const results = resultsOf(study)
  return (
    <Page
      title={study.name}
      crumbs={[{ label: t('title'), to: '/compute/twin' }, { label: study.name }]}
      badges={<Status value={study.state} />}
      actions={<Actions study={study} />}
    >
      <p className="faint">
        <Time value={study.created_at} full /> · <Link to={`/jobs/${study.job_id}`}>{t('job')}</Link>
      </p>
      {OPEN_STATES.has(study.state) && <Alert type="info" showIcon title={t('replaying')} />}
      {['failed', 'cancelled'].includes(study.state) && <Alert type="warning" showIcon title={t('failed')} />}
      {results.length > 0 && (
        <>
          <Best best={study.best} results={results} />
          <Comparison results={results} />
          <Courses results={results} />
          <Bars results={results} />
          <Details results={results} />
          <Assumptions study={study} />
        </>
      )}
    </Page>
  )
}
