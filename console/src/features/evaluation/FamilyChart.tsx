import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { useBilingual } from '@/lib/text'
import { LazyChart } from '@/ui/LazyChart'

import type { Summary } from './summary'

/** Accuracy by family of items, the models side by side. */
export function FamilyChart({ summary }: { summary: Summary }) {
  const { t } = useTranslation('evaluation')
  const text = useBilingual()
  const { data } = $api.useQuery('get', '/api/v1/evaluation/families', {}, { staleTime: Infinity })
  const option = useMemo(() => {
    const names = [...new Set(summary.models.flatMap((model) => Object.keys(model.families)))]
    const label = (name: string) => {
      const family = data?.find((each) => each.name === name)
      return family ? text(family, 'label') : name
    }
    return {
      tooltip: {
        trigger: 'axis',
        valueFormatter: (value: unknown) => (typeof value === 'number' ? `${(value * 100).toFixed(1)}%` : '—'),
      },
      legend: { top: 4 },
      xAxis: { type: 'category', data: names.map(label), axisLabel: { interval: 0, hideOverlap: true } },
      yAxis: { type: 'value', min: 0, max: 1, axisLabel: { formatter: (value: number) => `${value * 100}%` } },
      series: summary.models.map((model) => ({
        name: model.model,
        type: 'bar',
        data: names.map((name) => model.families[name]?.value ?? null),
      })),
    }
  }, [summary, data, text])
  return <LazyChart option={option} label={t('byFamily')} height={300} />
}
