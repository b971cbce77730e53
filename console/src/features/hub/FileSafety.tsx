import { Alert, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'

import { pathOf, type Place } from './RepositoryPage'

const COLOURS = { safe: 'success', caution: 'warning', unsafe: 'error', unknown: 'default' } as const

function useVerdict(place: Place, path: string) {
  return $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/safety', {
    params: { path: pathOf(place), query: { revision: place.revision, path } },
  }).data
}

/** Whether a file could do harm, in a word. */
export function SafetyTag({ place, path }: { place: Place; path: string }) {
  const { t } = useTranslation('hub')
  const verdict = useVerdict(place, path)
  if (!verdict || verdict.verdict === 'unknown') return null
  return <Tag color={COLOURS[verdict.verdict]}>{t(`safety.${verdict.verdict}`)}</Tag>
}

/** What the scan found, if it found anything. */
export function SafetyFindings({ place, path }: { place: Place; path: string }) {
  const { t } = useTranslation('hub')
  const verdict = useVerdict(place, path)
  if (!verdict || verdict.findings.length === 0) return null
  return (
    <Alert
      type={verdict.verdict === 'unsafe' ? 'error' : 'warning'}
      title={t('safety.found')}
      description={
        <ul>
          {verdict.findings.map((finding) => (
            <li key={`${finding.code}-${finding.place}-${finding.detail}`}>{finding.message}</li>
          ))}
        </ul>
      }
      showIcon
    />
  )
}
