import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { Bytes } from '@/ui/Figures'

import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'
import { TextDifference } from './TextDifference'

type Change = Got<'/api/v1/repositories/{kind}/{owner}/{name}/compare'>['items'][number]

function Row({ place, older, newer, item }: { place: Place; older: string; newer: string; item: Change }) {
  const { t } = useTranslation('hub')
  const [open, setOpen] = useState(false)
  return (
    <>
      <li data-status={item.status}>
        <span>{t(`change.${item.status}`)}</span>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <code>{item.path}</code>
        </button>
        <Bytes value={item.new_size ?? item.old_size} />
      </li>
      {open && <TextDifference place={place} older={older} newer={newer} path={item.path} />}
    </>
  )
}

/** Which files lead from one commit to another; each opens to the lines that differ. */
export function Difference({ place, older, newer }: { place: Place; older: string; newer: string }) {
  const { t } = useTranslation('hub')
  const query = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/compare', {
    params: { path: pathOf(place), query: { old: older, new: newer, limit: 200 } },
  })
  if (query.error) return <ProblemView error={query.error} />
  if (!query.data) return <div style={{ minHeight: 40 }} />
  const { added, removed, changed, items } = query.data
  const hidden = added + removed + changed - items.length
  return (
    <div className={styles.difference}>
      <p className="soft">{t('commit.summary', { added, removed, changed })}</p>
      <ul>
        {items.map((item) => (
          <Row key={item.path} place={place} older={older} newer={newer} item={item} />
        ))}
      </ul>
      {hidden > 0 && <p className="faint">{t('diff.hidden', { count: hidden })}</p>}
    </div>
  )
}
