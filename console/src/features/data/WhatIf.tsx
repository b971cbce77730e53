import { Alert, Button, InputNumber, Select, Slider, Spin, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { components } from '@/api/schema'
import { usePreferences } from '@/app/preferences'
import { palettes } from '@/app/tokens'
import { useSettled } from '@/lib/settled'
import { ProblemView } from '@/ui/Feedback'
import { Count, Stat, Stats } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { useNames } from './names'
import { paramsOf, type CorpusPlace } from './place'
import type { Distribution, Distributions } from './samples'

type Filter = components['schemas']['RecutFilter']
type Bounds = Partial<Record<'at_least' | 'at_most', number | null>>
type Changes = Record<string, Record<string, Bounds>>

function Histogram({ distribution, filter }: { distribution: Distribution; filter: Filter }) {
  const { t } = useTranslation('data')
  const { statistic } = useNames()
  const { resolvedTheme } = usePreferences()
  const option = useMemo(() => {
    const middle = (index: number) => ((distribution.edges[index] ?? 0) + (distribution.edges[index + 1] ?? 0)) / 2
    const series = (name: string, counts: number[]) => ({
      name,
      type: 'bar',
      barGap: '-100%',
      data: counts.map((count, index) => [middle(index), count]),
    })
    const bounds = [filter.at_least, filter.at_most].filter((bound) => bound !== null)
    const lines = bounds.map((bound) => ({ xAxis: bound }))
    const ends = [distribution.edges[0] ?? 0, distribution.edges.at(-1) ?? 1, ...bounds]
    const { inkFaint, inkSoft, jade } = palettes[resolvedTheme]
    return {
      color: [inkFaint, jade],
      tooltip: { trigger: 'axis' },
      legend: { top: 4 },
      xAxis: { type: 'value', min: Math.min(...ends), max: Math.max(...ends) },
      yAxis: { type: 'value' },
      series: [
        {
          ...series(t('quality.all'), distribution.documents),
          itemStyle: { opacity: 0.35 },
          markLine: { silent: true, symbol: 'none', data: lines, label: { color: inkSoft, textBorderWidth: 0 } },
        },
        series(t('quality.kept'), distribution.kept),
      ],
    }
  }, [distribution, filter, resolvedTheme, t])
  return <LazyChart option={option} label={statistic(filter.statistic)} height={220} />
}

/** A filter's bounds as a slider over what was measured. */
function Slide({
  distribution,
  filter,
  onChange,
}: {
  distribution: Distribution
  filter: Filter
  onChange: (part: Bounds) => void
}) {
  const { t } = useTranslation('data')
  const least = distribution.edges[0] ?? 0
  const most = distribution.edges.at(-1) ?? 1
  const span = most - least
  const step = span > 50 ? 1 : span / 200 || 0.01
  const low = Math.min(least, filter.at_least ?? least, filter.at_most ?? least)
  const high = Math.max(most, Math.min(filter.at_most ?? most, most + span))
  const neat = (value: number) => Number(value.toPrecision(4))
  const style = { width: 260, margin: '0 8px' }
  if (filter.at_least !== null && filter.at_most !== null) {
    return (
      <Slider
        range
        min={low}
        max={high}
        step={step}
        style={style}
        value={[filter.at_least, Math.min(filter.at_most, high)]}
        onChange={([at_least, at_most]) =>
          onChange({ at_least: neat(at_least ?? low), at_most: neat(at_most ?? high) })
        }
        ariaLabelForHandle={[t('quality.atLeast'), t('quality.atMost')]}
      />
    )
  }
  const side = filter.at_least !== null ? 'at_least' : 'at_most'
  if (filter[side] === null) return null
  return (
    <Slider
      min={low}
      max={high}
      step={step}
      style={style}
      value={Math.min(filter[side], high)}
      onChange={(value) => onChange({ [side]: neat(value) })}
      ariaLabelForHandle={t(side === 'at_least' ? 'quality.atLeast' : 'quality.atMost')}
    />
  )
}

function Result({ place, changes }: { place: CorpusPlace; changes: Changes }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const settled = useSettled(changes)
  const changed = Object.keys(changes).length > 0
  const attempt = $api.useQuery(
    'post',
    '/api/v1/data/datasets/{owner}/{name}/recut',
    { params: paramsOf(place), body: { thresholds: settled } },
    { enabled: changed, staleTime: Infinity, placeholderData: (held) => held },
  )
  const rows = Object.entries(attempt.data?.domains ?? {}).map(([domain, figures]) => ({ domain, ...figures }))
  const sum = (name: 'kept_now' | 'kept_then') => rows.reduce((total, row) => total + row[name], 0)
  const reasons = rows.flatMap((row) =>
    Object.entries(row.reasons)
      .filter(([, counts]) => counts.now !== counts.then)
      .map(([reason, counts]) => ({ domain: row.domain, reason, ...counts })),
  )
  return (
    <Section
      title={t('quality.result')}
      extra={attempt.isFetching || settled !== changes ? <Spin size="small" /> : null}
    >
      {attempt.error !== null && <ProblemView error={attempt.error} />}
      {!changed && <p className="soft">{t('quality.tryNote')}</p>}
      {changed && attempt.data && !attempt.error && (
        <div className="stack">
          <Stats>
            <Stat label={t('quality.keptNow')} value={<Count value={sum('kept_now')} />} />
            <Stat
              label={t('quality.keptThen')}
              value={<Count value={sum('kept_then')} />}
              tone={sum('kept_then') < sum('kept_now') ? 'bad' : 'good'}
            />
          </Stats>
          {attempt.data.unsearched > 0 && (
            <Alert type="info" showIcon title={t('quality.unsearched', { count: attempt.data.unsearched })} />
          )}
          <Table
            size="small"
            rowKey={(row) => `${row.domain} ${row.reason}`}
            pagination={false}
            dataSource={reasons}
            columns={[
              { title: t('sources.domain'), render: (_, row) => names.domain(row.domain) },
              { title: t('quality.reason'), render: (_, row) => names.reason(row.reason) },
              { title: t('quality.now'), align: 'right', render: (_, row) => <Count value={row.now} /> },
              { title: t('quality.then'), align: 'right', render: (_, row) => <Count value={row.then} /> },
            ]}
          />
          <p className="soft">{t('quality.keepThese')}</p>
          <Snippet sources={[{ label: 'JSON', code: JSON.stringify({ thresholds: changes }, null, 2) }]} />
        </div>
      )}
    </Section>
  )
}

/** Tries other thresholds on the measured statistics, without running the pipeline again. */
export function WhatIf({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const [domain, setDomain] = useState('')
  const [asked, setAsked] = useState('')
  const [changes, setChanges] = useState<Changes>({})
  // No change at all: what comes back are the filters that the dataset was made with.
  const made = $api.useQuery(
    'post',
    '/api/v1/data/datasets/{owner}/{name}/recut',
    { params: paramsOf(place), body: { thresholds: {} } },
    { staleTime: Infinity },
  )
  const measured = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/distributions', {
    params: paramsOf(place),
  })
  const error = measured.error ?? made.error
  if (error) return <ProblemView error={error} />
  if (!made.data || !measured.data) return <Loading />
  const distributions = measured.data as unknown as Distributions
  const domains = Object.keys(distributions)
  const here = domains.includes(domain) ? domain : (domains[0] ?? '')
  const profile = here in made.data.filters ? here : 'general'
  const filters = (made.data.filters[profile] ?? []).filter((each) => each.one_of === null)
  const shared = (each: Filter) => filters.filter((other) => other.reason === each.reason).length > 1
  const labelOf = (each: Filter) =>
    shared(each) ? `${names.reason(each.reason)} · ${names.statistic(each.statistic)}` : names.reason(each.reason)
  const filter = filters.find((each) => each.name === asked) ?? filters[0]
  const put = (part: Bounds) => {
    if (!filter) return
    setChanges((held) => ({
      ...held,
      [profile]: { ...held[profile], [filter.name]: { ...held[profile]?.[filter.name], ...part } },
    }))
  }
  const bound = (which: 'at_least' | 'at_most') => {
    if (!filter) return null
    const tried = changes[profile]?.[filter.name]?.[which]
    return tried === undefined ? filter[which] : tried
  }
  const shown = filter && { ...filter, at_least: bound('at_least'), at_most: bound('at_most') }
  const distribution = filter && distributions[here]?.[filter.statistic]
  const statistic = filter ? names.statistic(filter.statistic) : ''
  return (
    <div className="stack">
      <Section title={t('quality.threshold')}>
        <div className="stack">
          <div className="row">
            <Select
              value={here}
              onChange={setDomain}
              options={domains.map((value) => ({ value, label: names.domain(value) }))}
              style={{ minWidth: 160 }}
              aria-label={t('sources.domain')}
            />
            <Select
              value={filter?.name}
              onChange={setAsked}
              options={filters.map((each) => ({ value: each.name, label: labelOf(each) }))}
              style={{ minWidth: 240 }}
              aria-label={t('quality.reason')}
            />
            <span>{statistic}</span>
            {filter && filter.at_least !== null && (
              <InputNumber
                prefix="≥"
                value={bound('at_least')}
                onChange={(at_least) => put({ at_least })}
                aria-label={t('quality.atLeast')}
              />
            )}
            {filter && filter.at_most !== null && (
              <InputNumber
                prefix="≤"
                value={bound('at_most')}
                onChange={(at_most) => put({ at_most })}
                aria-label={t('quality.atMost')}
              />
            )}
            {shown && distribution && distribution.edges.length > 1 && (
              <Slide distribution={distribution} filter={shown} onChange={put} />
            )}
            {Object.keys(changes).length > 0 && (
              <Button type="link" onClick={() => setChanges({})}>
                {t('quality.reset')}
              </Button>
            )}
          </div>
          {distribution && shown && <Histogram distribution={distribution} filter={shown} />}
        </div>
      </Section>
      <Result place={place} changes={changes} />
    </div>
  )
}
