import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { repositoryPath } from '@/lib/reference'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Bytes, Hash, Time } from '@/ui/Figures'

import { Difference } from './Difference'
import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'

type Commit = Item<'/api/v1/repositories/{kind}/{owner}/{name}/commits'>

function Row({ place, commit }: { place: Place; commit: Commit }) {
  const { t } = useTranslation('hub')
  const [open, setOpen] = useState(false)
  const parent = commit.parents[0]
  return (
    <li className={styles.commit}>
      <div className={styles.commitHead}>
        <Link
          to={`${repositoryPath(place.kind, place.owner, place.name, commit.id)}&tab=files`}
          className={styles.commitTitle}
        >
          {commit.title}
        </Link>
        <Hash value={commit.id} />
      </div>
      <div className={styles.commitNote}>
        <span>{commit.author}</span>
        <Time value={commit.created_at} />
        <span>
          {t('files', { count: commit.files })} · <Bytes value={commit.bytes} />
        </span>
        {parent && (
          <Button type="link" size="small" onClick={() => setOpen(!open)} aria-expanded={open}>
            {open ? t('commit.hide') : t('commit.show')}
          </Button>
        )}
      </div>
      {commit.description && <p className="soft">{commit.description}</p>}
      {open && parent && <Difference place={place} older={parent} newer={commit.id} />}
    </li>
  )
}

/** The history of a revision, newest first. */
export function CommitsTab({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const query = $api.useInfiniteQuery(
    'get',
    '/api/v1/repositories/{kind}/{owner}/{name}/commits',
    { params: { path: pathOf(place), query: { limit: 30 } } },
    { initialPageParam: place.revision, getNextPageParam: (page) => page.next ?? undefined, pageParamName: 'revision' },
  )
  if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  const commits = query.data?.pages.flatMap((page) => page.items) ?? []
  if (query.data && commits.length === 0) return <EmptyState title={t('commit.none')} />
  return (
    <section className={styles.files}>
      <ul className={styles.entries} style={{ minHeight: 160 }}>
        {commits.map((commit) => (
          <Row key={commit.id} place={place} commit={commit} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button block type="text" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </section>
  )
}
