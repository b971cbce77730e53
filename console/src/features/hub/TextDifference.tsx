import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'

import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'

const MOST_LINES = 2000

function kindOf(line: string): string {
  if (line.startsWith('@@')) return 'place'
  if (line.startsWith('+') && !line.startsWith('+++')) return 'added'
  if (line.startsWith('-') && !line.startsWith('---')) return 'removed'
  return 'same'
}

/** The lines by which one text file differs between two revisions. */
export function TextDifference({
  place,
  older,
  newer,
  path,
}: {
  place: Place
  older: string
  newer: string
  path: string
}) {
  const { t } = useTranslation('hub')
  const query = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/compare/text', {
    params: { path: pathOf(place), query: { old: older, new: newer, path } },
  })
  if (query.error) return <ProblemView error={query.error} />
  if (!query.data) return <div style={{ minHeight: 60 }} />
  if (query.data.diff === null) return <p className="soft">{t('diff.none')}</p>
  const lines = query.data.diff.split('\n')
  return (
    <pre className={styles.diff} tabIndex={0}>
      {lines.slice(0, MOST_LINES).map((line, index) => (
        // Lines repeat and never move: their number is their name.
        <span key={index} data-line={kindOf(line)}>
          {line}
          {'\n'}
        </span>
      ))}
      {lines.length > MOST_LINES && <span className="faint">…</span>}
    </pre>
  )
}
