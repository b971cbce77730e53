import { DownloadOutlined, FileOutlined, FolderFilled } from '@ant-design/icons'
import { Breadcrumb, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Bytes, Hash } from '@/ui/Figures'

import { FileView } from './FileView'
import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'
import { VerdictSign } from './Verdict'

type Entry = Item<'/api/v1/repositories/{kind}/{owner}/{name}/tree'>

function Row({ entry, onOpen }: { entry: Entry; onOpen: () => void }) {
  const { t } = useTranslation('hub')
  return (
    <li className={styles.entry}>
      <button type="button" onClick={onOpen}>
        {entry.type === 'folder' ? (
          <FolderFilled className={styles.folder ?? ''} />
        ) : (
          <FileOutlined className="faint" />
        )}
        <span className="truncate">{entry.name}</span>
      </button>
      <VerdictSign verdict={entry.verdict} />
      <span className="faint">{entry.type === 'folder' ? t('files', { count: entry.files }) : ''}</span>
      <span className={styles.size}>
        <Bytes value={entry.size} />
      </span>
      <Hash value={entry.sha256 ?? entry.oid} length={8} />
      {entry.url ? (
        <Button
          type="text"
          size="small"
          icon={<DownloadOutlined />}
          href={entry.url}
          download
          aria-label={t('download', { name: entry.name })}
        />
      ) : (
        <span />
      )}
    </li>
  )
}

function Crumbs({ place, path, onOpen }: { place: Place; path: string; onOpen: (path: string) => void }) {
  const parts = path.split('/').filter(Boolean)
  const items = [place.name, ...parts].map((part, index) => {
    const target = parts.slice(0, index).join('/')
    const last = index === parts.length
    return { title: last ? part : <a onClick={() => onOpen(target)}>{part}</a> }
  })
  return <Breadcrumb items={items} />
}

function Folder({ place, path, onOpen }: { place: Place; path: string; onOpen: (path: string) => void }) {
  const { t } = useTranslation('hub')
  const query = $api.useInfiniteQuery(
    'get',
    '/api/v1/repositories/{kind}/{owner}/{name}/tree',
    { params: { path: pathOf(place), query: { revision: place.revision, path, limit: 200 } } },
    { initialPageParam: undefined, getNextPageParam: (page) => page.next ?? undefined, pageParamName: 'cursor' },
  )
  if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  const entries = query.data?.pages.flatMap((page) => page.items) ?? []
  if (query.data && entries.length === 0) return <EmptyState title={t('emptyFolder')} />
  return (
    <>
      <ul className={styles.entries} style={{ minHeight: 120 }}>
        {entries.map((entry) => (
          <Row key={entry.path} entry={entry} onOpen={() => onOpen(entry.path)} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button block type="text" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </>
  )
}

/** The files of a revision: folders, and one file's content. The place is in the address. */
export function FilesTab({ place }: { place: Place }) {
  const [params, setParams] = useSearchParams()
  const path = params.get('path') ?? ''
  const open = (next: string) =>
    setParams((current) => {
      const changed = new URLSearchParams(current)
      if (next) changed.set('path', next)
      else changed.delete('path')
      return changed
    })
  const entry = $api.useQuery(
    'get',
    '/api/v1/repositories/{kind}/{owner}/{name}/entry',
    { params: { path: pathOf(place), query: { revision: place.revision, path } } },
    { enabled: path !== '' },
  )
  return (
    <section className={styles.files}>
      <div className={styles.filesHead}>
        <Crumbs place={place} path={path} onOpen={open} />
      </div>
      {path === '' || entry.data?.type === 'folder' ? (
        <Folder place={place} path={path} onOpen={open} />
      ) : entry.data ? (
        <FileView place={place} entry={entry.data} />
      ) : (
        entry.error !== null && <ProblemView error={entry.error} />
      )}
    </section>
  )
}
