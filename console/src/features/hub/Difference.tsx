import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'
import { Bytes } from '@/ui/Figures'

import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'

/** Which files lead from one commit to another. */
export function Difference({ place, older, newer }: { place: Place; older: string; newer: string }) {
  const { t } = useTranslation('hub')
  const query = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/compare', {
    params: { path: pathOf(place), query: { old: older, new: newer, limit: 200 } },
  })
  if (query.error) return <ProblemView error={query.error} />
  if (!query.data) return <div style={{ minHeight: 40 }} />
  const { added, removed, changed, items } = query.data
  return (
    <div className={styles.difference}>
      <p className="soft">{t('commit.summary', { added, removed, changed })}</p>
      <ul>
        {items.map((item) => (
          <li key={item.path} data-status={item.status}>
            <span>{t(`change.${item.status}`)}</span>
            <code>{item.path}</code>
            <Bytes value={item.new_size ?? item.old_size} />
          </li>
        ))}
      </ul>
    </div>
  )
}
