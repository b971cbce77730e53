import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { LazyChart } from '@/ui/LazyChart'
import { Section } from '@/ui/Page'

import { pathOf, type Place } from './RepositoryPage'

const DAYS = 30
const DAY_MS = 86_400_000

/** The last `DAYS` days in UTC, oldest first, as the platform counts them. */
function lastDays(): string[] {
  const today = Date.now()
  return Array.from({ length: DAYS }, (_, index) =>
    new Date(today - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  )
}

/** How often files were downloaded, day by day. */
export function DownloadsChart({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/downloads', {
    params: { path: pathOf(place), query: { days: DAYS } },
  })
  const option = useMemo(() => {
    const counts = new Map((data ?? []).map((row) => [row.day, row.count]))
    const days = lastDays()
    return {
      grid: { left: 4, right: 4, top: 10, bottom: 4, containLabel: true },
      tooltip: { trigger: 'axis' },
      xAxis: { type: 'category', data: days.map((day) => day.slice(5)), axisLabel: { interval: 9 } },
      yAxis: { type: 'value', minInterval: 1, splitNumber: 3 },
      series: [{ name: t('facts.downloads'), type: 'bar', data: days.map((day) => counts.get(day) ?? 0) }],
    }
  }, [data, t])
  return (
    <Section title={t('downloads.title')}>
      <LazyChart option={option} label={t('downloads.title')} height={130} />
    </Section>
  )
}
