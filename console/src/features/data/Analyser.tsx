import { Alert, Select, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { palettes } from '@/app/tokens'
import { formatPercent } from '@/lib/format'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Percent } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'

import { useNames } from './names'
import { paramsOf, type CorpusPlace } from './place'
import type { Distributions } from './samples'

type Analysis = Got<'/api/v1/data/datasets/{owner}/{name}/analysis'>

function Alarms({ analysis }: { analysis: Analysis }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const { language } = usePreferences()
  if (analysis.alarms.length === 0) return <Alert type="success" showIcon title={t('study.noAlarms')} />
  const percent = (value: number | null) => formatPercent(value ?? 0, language)
  return (
    <div className="stack" style={{ gap: 8 }}>
      {analysis.alarms.map((one) => (
        <Alert
          key={`${one.kind} ${one.source} ${one.domain} ${one.reason ?? ''}`}
          type="warning"
          showIcon
          title={t(`study.alarm.${one.kind}`, {
            source: one.source,
            rate: percent(one.rate),
            before: percent(one.before),
            reason: one.reason ? names.reason(one.reason) : '',
          })}
          description={t('study.interval', {
            low: percent(one.low),
            high: percent(one.high),
            documents: one.documents,
          })}
        />
      ))}
    </div>
  )
}

function Rates({ analysis }: { analysis: Analysis }) {
  const { t } = useTranslation('data')
  const names = useNames()
  return (
    <Table
      size="small"
      pagination={{ pageSize: 20, hideOnSinglePage: true }}
      rowKey={(row) => `${row.source} ${row.domain}`}
      dataSource={analysis.sources}
      columns={[
        { title: t('sources.title'), dataIndex: 'source' },
        { title: t('sources.domain'), render: (_, row) => names.domain(row.domain) },
        { title: t('quality.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
        { title: t('quality.kept'), align: 'right', render: (_, row) => <Count value={row.kept} /> },
        {
          title: t('study.rate'),
          align: 'right',
          sorter: (one, other) => one.kept / one.documents - other.kept / other.documents,
          render: (_, row) => <Percent ratio={row.kept / row.documents} />,
        },
        {
          title: t('quality.reasons'),
          render: (_, row) =>
            Object.entries(row.reasons)
              .slice(0, 3)
              .map(([reason, count]) => `${names.reason(reason)} ${String(count)}`)
              .join(' · '),
        },
      ]}
    />
  )
}

function DistributionChart({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const { resolvedTheme } = usePreferences()
  const [domain, setDomain] = useState('')
  const [statistic, setStatistic] = useState('characters')
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/distributions', { params: paramsOf(place) })
  const found = query.data as unknown as Distributions | undefined
  const domains = Object.keys(found ?? {})
  const here = domains.includes(domain) ? domain : (domains[0] ?? '')
  const shown = found?.[here]?.[statistic]
  const option = useMemo(() => {
    if (!shown) return null
    const middle = shown.edges.slice(0, -1).map((edge, index) => (edge + (shown.edges[index + 1] ?? edge)) / 2)
    const series = (name: string, counts: number[], opacity: number) => ({
      name,
      type: 'bar',
      barGap: '-100%',
      itemStyle: { opacity },
      data: counts.map((count, index) => [middle[index], count]),
    })
    return {
      color: [palettes[resolvedTheme].inkFaint, palettes[resolvedTheme].jade],
      tooltip: { trigger: 'axis' },
      legend: { top: 4 },
      xAxis: { type: 'value', min: shown.edges[0], max: shown.edges.at(-1) },
      yAxis: { type: 'value' },
      series: [series(t('quality.all'), shown.documents, 0.35), series(t('quality.kept'), shown.kept, 1)],
    }
  }, [resolvedTheme, shown, t])
  return (
    <div className="stack">
      <div className="row">
        <Select
          value={here}
          onChange={setDomain}
          options={domains.map((value) => ({ value, label: names.domain(value) }))}
          aria-label={t('sources.domain')}
          style={{ minWidth: 160 }}
        />
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          value={statistic}
          onChange={setStatistic}
          options={Object.keys(found?.[here] ?? {}).map((value) => ({
            value,
            label: names.statistic(value),
          }))}
          aria-label={t('document.statistic')}
          style={{ minWidth: 240 }}
        />
      </div>
      {option && <LazyChart option={option} label={statistic} height={240} />}
    </div>
  )
}

function Clusters({ analysis }: { analysis: Analysis }) {
  const { t } = useTranslation('data')
  const [, setSearch] = useSearchParams()
  const open = (id: string) =>
    setSearch((current) => {
      const next = new URLSearchParams({ tab: 'documents', id })
      const at = current.get('revision')
      if (at) next.set('revision', at)
      return next
    })
  const link = (id: string) => (
    <a onClick={() => open(id)}>
      <code>{id}</code>
    </a>
  )
  if (analysis.clusters.length === 0) return <EmptyState title={t('study.noClusters')} />
  return (
    <Table
      size="small"
      pagination={false}
      rowKey="kept"
      dataSource={analysis.clusters}
      expandable={{
        expandedRowRender: (row) => (
          <ul>
            {row.documents.map((one) => (
              <li key={one.id}>
                {link(one.id)} <span className="faint">{one.reason}</span> <Percent ratio={one.similarity} />
              </li>
            ))}
          </ul>
        ),
      }}
      columns={[
        { title: t('quality.keptInstead'), render: (_, row) => link(row.kept) },
        { title: t('study.members'), align: 'right', render: (_, row) => <Count value={row.members} /> },
        { title: t('quality.similar'), align: 'right', render: (_, row) => <Percent ratio={row.similarity} /> },
      ]}
    />
  )
}

function CorrelationChart({ analysis }: { analysis: Analysis }) {
  const { names, values } = analysis.correlation
  const { t } = useTranslation('data')
  const { statistic } = useNames()
  const { resolvedTheme } = usePreferences()
  const colours = palettes[resolvedTheme]
  const option = useMemo(() => {
    const short = (name: string) => (statistic(name).split(/[（(:：,，]/)[0] ?? name).trim()
    const labels = names.map(short)
    return {
      tooltip: {},
      xAxis: { type: 'category', data: labels, axisLabel: { rotate: 60 } },
      yAxis: { type: 'category', data: labels },
      visualMap: {
        min: -1,
        max: 1,
        calculable: true,
        orient: 'horizontal',
        left: 'center',
        top: 0,
        // Two hues that part at nought, so that what falls together is told from what runs against each other.
        inRange: { color: [colours.cinnabar, colours.paper, colours.jade] },
      },
      grid: { top: 66, bottom: 170, left: 200 },
      series: [
        {
          type: 'heatmap',
          data: values.flatMap((row, y) => row.map((value, x) => [x, y, Math.round(value * 100) / 100])),
        },
      ],
    }
  }, [colours, names, statistic, values])
  if (values.length === 0) return <EmptyState title={t('study.noCorrelation')} />
  return <LazyChart option={option} label={t('study.correlation')} height={520} />
}

/** Distributions, keep-rate alarms, groups of duplicates and correlation of a corpus. */
export function Analyser({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/analysis', { params: paramsOf(place) })
  if (query.error) return <ProblemView error={query.error} />
  return (
    <div className="stack">
      <Section title={t('study.distribution')}>
        <DistributionChart place={place} />
      </Section>
      {query.data ? (
        <>
          <Section title={t('study.alarms')} note={t('study.alarmsNote')}>
            <Alarms analysis={query.data} />
          </Section>
          <Section title={t('study.rates')} flush>
            <Rates analysis={query.data} />
          </Section>
          <Section title={t('study.clusters')} flush>
            <Clusters analysis={query.data} />
          </Section>
          <Section title={t('study.correlation')} note={t('study.correlationNote')}>
            <CorrelationChart analysis={query.data} />
          </Section>
        </>
      ) : (
        <Loading />
      )}
    </div>
  )
}
