import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'
import { Section } from '@/ui/Page'

import { useNames } from './names'
import { paramsOf, type CorpusPlace } from './place'

type Reason = Got<'/api/v1/data/datasets/{owner}/{name}/drop-reasons'>['reasons'][number]

/** Why documents were dropped, by domain. */
export function DropReasons({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const names = useNames()
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/drop-reasons', { params: paramsOf(place) })
  const reasons = query.data?.reasons
  const option = useMemo(() => {
    const rows = reasons ?? []
    const label = (row: Reason) => row[language]
    const labels = [...new Set(rows.map(label))].slice(0, 14).reverse()
    const domains = [...new Set(rows.map((row) => row.domain))]
    return {
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
      legend: { top: 4 },
      xAxis: { type: 'value' },
      yAxis: { type: 'category', data: labels },
      series: domains.map((domain) => ({
        name: names.domain(domain),
        type: 'bar',
        stack: 'reason',
        itemStyle: { borderRadius: 0 },
        data: labels.map((name) =>
          rows
            .filter((row) => row.domain === domain && label(row) === name)
            .reduce((sum, row) => sum + row.documents, 0),
        ),
      })),
    }
  }, [reasons, language, names])
  if (query.error) return <ProblemView error={query.error} />
  const columns: Column<Reason>[] = [
    {
      title: t('quality.reason'),
      render: (_, row) => (
        <>
          {row[language]}
          <div className="faint mono">{row.reason}</div>
        </>
      ),
    },
    { title: t('sources.domain'), render: (_, row) => names.domain(row.domain) },
    { title: t('quality.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
    { title: t('quality.characters'), align: 'right', render: (_, row) => <Count value={row.characters} /> },
  ]
  return (
    <div className="stack">
      {reasons?.length !== 0 && (
        <Section title={t('quality.chart')}>
          <LazyChart option={option} label={t('quality.chart')} height={380} />
        </Section>
      )}
      <DataTable
        label={t('quality.reasons')}
        query={{ ...query, data: reasons && { items: reasons } }}
        columns={columns}
        rowKey={(row) => `${row.domain} ${row.reason}`}
        empty={<EmptyState title={t('quality.noneDropped')} />}
      />
    </div>
  )
}
