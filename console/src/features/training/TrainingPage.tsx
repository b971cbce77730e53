import { Descriptions } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Element, Got } from '@/api/types'
import { OPEN_STATES } from '@/features/jobs/stream'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Decimal, Duration, Stat, Stats, Time } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { figuresOf } from './figures'
import { TrainingActions } from './TrainingActions'

type Run = Got<'/api/v1/training/runs/{run_id}'>
type Point = Element<'/api/v1/training/runs/{run_id}/points'>

const POLL_MS = 3000

/** The curve so far; while the run goes on only its new points are fetched. */
function usePoints(runId: string, live: boolean): Point[] {
  const [points, setPoints] = useState<Point[]>([])
  useEffect(() => {
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let last = 0
    const fetchMore = async () => {
      const { data } = await api
        .GET('/api/v1/training/runs/{run_id}/points', { params: { path: { run_id: runId }, query: { after: last } } })
        .catch(() => ({ data: undefined }))
      if (stopped) return
      if (data?.length) {
        last = data.at(-1)?.step ?? last
        setPoints((held) => [...held.filter((point) => point.step < (data[0]?.step ?? 0)), ...data])
      }
      if (live) timer = setTimeout(() => void fetchMore(), POLL_MS)
    }
    void fetchMore()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [runId, live])
  return points
}

function LossChart({ points, steps }: { points: Point[]; steps: number }) {
  const { t } = useTranslation('training')
  const option = useMemo(
    () => ({
      tooltip: {
        trigger: 'axis',
        valueFormatter: (value: unknown) => (typeof value === 'number' ? value.toFixed(3) : '—'),
      },
      legend: { top: 4 },
      xAxis: { type: 'value', min: 0, max: steps, name: t('chart.step'), nameLocation: 'end' },
      yAxis: { type: 'value', scale: true, name: t('chart.nats') },
      series: [
        {
          name: t('chart.loss'),
          type: 'line',
          data: points.map((point) => [point.step, point.loss]),
          lineStyle: { width: 1.5, opacity: 0.75 },
        },
        {
          name: t('chart.heldout'),
          type: 'line',
          showSymbol: true,
          symbol: 'circle',
          symbolSize: 6,
          data: points.filter((point) => point.heldout_loss !== null).map((point) => [point.step, point.heldout_loss]),
        },
      ],
    }),
    [points, steps, t],
  )
  return <LazyChart option={option} label={t('chart.label')} height={340} />
}

function Recipe({ recipe }: { recipe: Record<string, unknown> }) {
  const flat = Object.entries(recipe).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([inner, held]) => [`${name}.${inner}`, held] as const)
      : [[name, value] as const],
  )
  return (
    <Descriptions
      size="small"
      column={2}
      items={flat.map(([name, value]) => ({
        key: name,
        label: <code>{name}</code>,
        children: <span className="num">{String(value)}</span>,
      }))}
    />
  )
}

function Body({ run }: { run: Run }) {
  const { t } = useTranslation('training')
  const points = usePoints(run.id, OPEN_STATES.has(run.state))
  const figures = figuresOf(run.summary)
  const last = points.at(-1)
  return (
    <>
      <Stats>
        <Stat
          label={t('stat.step')}
          value={
            <>
              <Count value={last?.step ?? figures.step ?? 0} /> / <Count value={run.steps} />
            </>
          }
        />
        <Stat label={t('chart.loss')} value={<Decimal value={last?.loss ?? figures.loss} />} note={t('chart.nats')} />
        <Stat
          label={t('column.perplexity')}
          value={<Decimal value={figures.perplexity} digits={2} />}
          note={t('stat.perplexityNote')}
        />
        <Stat
          label={t('stat.speed')}
          value={<Count value={last ? Math.round(last.tokens_per_second) : figures.tokensPerSecond} />}
          note={t('stat.speedNote')}
        />
        <Stat
          label={t(OPEN_STATES.has(run.state) ? 'stat.eta' : 'fact.finished')}
          value={OPEN_STATES.has(run.state) ? <Duration seconds={last?.eta_s} /> : <Time value={run.finished_at} />}
        />
      </Stats>
      <div className="grid-aside">
        <div className="stack">
          <Section title={t('chart.label')}>
            <LossChart points={points} steps={run.steps} />
          </Section>
          <Section title={t('recipe')}>
            <Recipe recipe={run.recipe} />
          </Section>
        </div>
        <div className="stack">
          <Section title={t('facts')}>
            <Facts
              facts={[
                { label: t('fact.dataset'), value: <RevisionLink reference={run.dataset} /> },
                { label: t('fact.revision'), value: run.revision ? <RevisionLink reference={run.revision} /> : null },
                { label: t('fact.job'), value: <Link to={`/jobs/${run.job_id}`}>{t('fact.log')}</Link> },
                { label: t('column.created'), value: <Time value={run.created_at} full /> },
                { label: t('fact.finished'), value: run.finished_at ? <Time value={run.finished_at} full /> : null },
              ]}
            />
          </Section>
          <Snippet sources={[{ label: 'CLI', code: `ceyuan jobs follow ${run.job_id}` }]} />
        </div>
      </div>
    </>
  )
}

export function Component() {
  const { t } = useTranslation('training')
  const { runId = '' } = useParams()
  const query = $api.useQuery(
    'get',
    '/api/v1/training/runs/{run_id}',
    { params: { path: { run_id: runId } } },
    { refetchInterval: (q) => (q.state.data && OPEN_STATES.has(q.state.data.state) ? POLL_MS : false) },
  )
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const run = query.data
  if (!run) return <Loading />
  return (
    <Page
      title={run.model}
      crumbs={[{ label: t('title'), to: '/models/trainings' }, { label: run.model }]}
      badges={<Status value={run.state} />}
      actions={<TrainingActions run={run} onChanged={() => void query.refetch()} />}
    >
      <Body key={run.id} run={run} />
    </Page>
  )
}
