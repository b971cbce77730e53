import { Alert, Select } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { ProblemView } from '@/ui/Feedback'
import { Count, Duration, Money, Percent, Stat, Stats } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Page, Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import styles from './Gateway.module.css'
import { CALL_TONES } from './tones'

type Stats = Got<'/api/v1/gateway/stats'>
type LiveCall = Got<'/api/v1/gateway/live'>['calls'][number]

/** Spans to look at: name, length and step in seconds. */
const SPANS = { hour: [3600, 60], day: [86_400, 1800], week: [604_800, 10_800] } as const

type Span = keyof typeof SPANS

const KEPT = 60

/** The last calls, and each new one as it ends. */
function useLiveCalls(organisation: string | null): LiveCall[] {
  const start = $api.useQuery('get', '/api/v1/gateway/live', {
    params: { query: { limit: KEPT, org_id: organisation ?? undefined } },
  })
  const [fresh, setFresh] = useState<LiveCall[]>([])
  useEffect(() => {
    const query = organisation ? `?org_id=${encodeURIComponent(organisation)}` : ''
    const source = new EventSource(`/api/v1/gateway/live/events${query}`)
    source.addEventListener('call', (event: MessageEvent<string>) => {
      const call = JSON.parse(event.data) as LiveCall
      setFresh((held) => [call, ...held].slice(0, KEPT))
    })
    return () => source.close()
  }, [organisation])
  return useMemo(() => {
    const seen = new Set<string>()
    return [...fresh, ...(start.data?.calls ?? [])]
      .filter((call) => !seen.has(call.id) && seen.add(call.id))
      .slice(0, KEPT)
  }, [fresh, start.data])
}

function Feed({ organisation }: { organisation: string | null }) {
  const { t } = useTranslation('gateway')
  const { language } = usePreferences()
  const calls = useLiveCalls(organisation)
  const clock = (at: number) =>
    new Date(at * 1000).toLocaleTimeString(language === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })
  return (
    <Section title={t('monitor.live')} extra={<Link to="/models/calls">{t('monitor.all')}</Link>} flush>
      <ul className={styles.feed} aria-live="off">
        {calls.length === 0 && <li className="soft">{t('monitor.quiet')}</li>}
        {calls.map((call) => (
          <li key={call.id}>
            <span className="faint num">{clock(call.at)}</span>
            <Link to={`/models/calls/${call.id}`} className="truncate">
              {call.model} {call.scenario && <span className="faint">· {call.scenario}</span>}
            </Link>
            <Status
              value={call.status}
              tone={call.actions.length > 0 && call.status === 'ok' ? 'warn' : (CALL_TONES[call.status] ?? 'neutral')}
              label={call.code || t(`callStatus.${call.status}`, { defaultValue: call.status })}
            />
            <span className="num" style={{ textAlign: 'right' }}>
              {Math.round(call.total_ms)} ms
            </span>
            <span style={{ textAlign: 'right' }}>
              <Money micro={call.cost_micro} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

const axisOf = (stats: Stats, name: string) => ({
  tooltip: { trigger: 'axis' },
  legend: { top: 4 },
  xAxis: { type: 'time', min: stats.since, max: stats.until, splitNumber: 6 },
  yAxis: { type: 'value', name },
})

function useCharts(stats: Stats | undefined) {
  const { t } = useTranslation('gateway')
  return useMemo(() => {
    if (!stats) return null
    const line = (
      name: string,
      value: (point: Stats['points'][number]) => number | null,
      type: 'line' | 'bar' = 'line',
      stack?: string,
    ) => ({
      name,
      type,
      stack,
      data: stats.points.map((point) => [point.at, value(point)]),
    })
    return {
      calls: {
        ...axisOf(stats, t('monitor.calls')),
        series: [
          line(t('callStatus.ok'), (p) => p.calls - p.refused - p.failed - p.blocked, 'bar', 'calls'),
          line(t('callStatus.refused'), (p) => p.refused, 'bar', 'calls'),
          line(t('callStatus.blocked'), (p) => p.blocked, 'bar', 'calls'),
          line(t('callStatus.failed'), (p) => p.failed, 'bar', 'calls'),
        ],
      },
      latency: {
        ...axisOf(stats, 'ms'),
        series: [
          line('p50', (p) => p.total.p50_ms),
          line('p95', (p) => p.total.p95_ms),
          line('p99', (p) => p.total.p99_ms),
        ],
      },
      spend: { ...axisOf(stats, '¥'), series: [line(t('calls.cost'), (p) => p.cost_micro / 1e6, 'bar')] },
      flags: {
        ...axisOf(stats, t('monitor.calls')),
        series: [
          line(t('calls.flagged'), (p) => p.flagged, 'bar'),
          line(t('callStatus.blocked'), (p) => p.blocked, 'bar'),
        ],
      },
    }
  }, [stats, t])
}

const MINUTE_MS = 60_000

const nextMinute = () => Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS

/** The end of the present minute: the span moves on with it, and the query's key keeps still in between. */
function useNextMinute(): number {
  const [until, setUntil] = useState(nextMinute)
  useEffect(() => {
    const timer = setInterval(() => setUntil(nextMinute()), 5000)
    return () => clearInterval(timer)
  }, [])
  return until
}

function Latency({ ms }: { ms: number | null | undefined }) {
  return <Duration seconds={ms === null || ms === undefined ? null : ms / 1000} />
}

export function Component() {
  const { t } = useTranslation('gateway')
  const { organisation } = usePreferences()
  const list = useListState(['span'])
  const span = (list.filters.span ?? 'hour') as Span
  const [seconds, step] = SPANS[span] ?? SPANS.hour
  const until = useNextMinute()
  const query = $api.useQuery(
    'get',
    '/api/v1/gateway/stats',
    {
      params: {
        query: {
          org_id: organisation ?? undefined,
          since: new Date(until - seconds * 1000).toISOString(),
          until: new Date(until).toISOString(),
          step_s: step,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 10_000 },
  )
  const live = $api.useQuery(
    'get',
    '/api/v1/gateway/live',
    { params: { query: { limit: 1, org_id: organisation ?? undefined } } },
    { refetchInterval: 5000 },
  )
  const charts = useCharts(query.data)
  const sums = query.data?.sums
  return (
    <Page
      title={t('monitor.title')}
      description={t('monitor.description')}
      actions={
        <Select
          value={span}
          onChange={(value: Span) => list.setFilter('span', value === 'hour' ? null : value)}
          options={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`monitor.${value}`) }))}
          aria-label={t('monitor.span')}
        />
      }
    >
      {query.error !== null && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      {live.data?.faults.map((fault) => (
        <Alert key={fault} type="error" showIcon title={fault} />
      ))}
      <Stats>
        <Stat
          label={t('monitor.calls')}
          value={<Count value={sums?.calls} />}
          note={t('monitor.inFlight', { count: live.data?.in_flight ?? 0 })}
        />
        <Stat
          label={t('callStatus.refused')}
          value={<Count value={sums?.refused} />}
          note={sums && sums.calls > 0 && <Percent ratio={sums.refused / sums.calls} />}
          tone={sums?.refused ? 'bad' : 'plain'}
        />
        <Stat
          label={t('callStatus.blocked')}
          value={<Count value={sums?.blocked} />}
          note={
            <>
              {t('calls.flagged')} <Count value={sums?.flagged} />
            </>
          }
          tone={sums?.blocked ? 'bad' : 'plain'}
        />
        <Stat
          label={t('monitor.p95')}
          value={<Latency ms={sums?.total.p95_ms} />}
          note={
            <>
              p50 <Latency ms={sums?.total.p50_ms} />
            </>
          }
        />
        <Stat label={t('tokens')} value={<Count value={sums && sums.prompt_tokens + sums.completion_tokens} />} />
        <Stat label={t('monitor.spend')} value={<Money micro={sums?.cost_micro} />} />
      </Stats>
      <div className={styles.live}>
        <Section title={t('monitor.callsChart')}>
          {charts ? (
            <LazyChart option={charts.calls} label={t('monitor.callsChart')} height={240} />
          ) : (
            <div style={{ height: 240 }} />
          )}
        </Section>
        <Section title={t('monitor.latencyChart')}>
          {charts ? (
            <LazyChart option={charts.latency} label={t('monitor.latencyChart')} height={240} />
          ) : (
            <div style={{ height: 240 }} />
          )}
        </Section>
        <Section title={t('monitor.spendChart')}>
          {charts ? (
            <LazyChart option={charts.spend} label={t('monitor.spendChart')} height={240} />
          ) : (
            <div style={{ height: 240 }} />
          )}
        </Section>
        <Section title={t('monitor.flagsChart')}>
          {charts ? (
            <LazyChart option={charts.flags} label={t('monitor.flagsChart')} height={240} />
          ) : (
            <div style={{ height: 240 }} />
          )}
        </Section>
      </div>
      <Feed organisation={organisation} />
    </Page>
  )
}
