import { useQueryClient } from '@tanstack/react-query'
import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import type { Item } from '@/api/types'
import { useBilingual } from '@/lib/text'

import { Time } from './Figures'
import styles from './NoticeList.module.css'

export type Notice = Item<'/api/v1/notices'>

/** The console's own path in a notice's link; null for other addresses. */
function pathOf(link: string): string | null {
  if (!link.startsWith('/')) return null
  return link.replace(/^\/console(?=\/|$)/, '') || '/'
}

function Line({ notice }: { notice: Notice }) {
  const { t } = useTranslation()
  const text = useBilingual()
  const queries = useQueryClient()
  const path = pathOf(notice.link)
  const read = () => {
    if (notice.read_at) return
    void api
      .POST('/api/v1/notices/{notice_id}/read', { params: { path: { notice_id: notice.id } } })
      .then(() =>
        queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).startsWith('/api/v1/notices') }),
      )
  }
  const content = (
    <>
      <span className={styles.title}>
        {notice.is_todo && !notice.settled_at && <Tag color="gold">{t('inbox.todo')}</Tag>}
        {text(notice, 'title')}
      </span>
      {text(notice, 'body') && <span className={styles.body}>{text(notice, 'body')}</span>}
      <span className={styles.time}>
        <Time value={notice.created_at} />
      </span>
    </>
  )
  return (
    <li className={styles.notice} data-unread={!notice.read_at} data-level={notice.level}>
      {path ? (
        <Link to={path} onClick={read}>
          {content}
        </Link>
      ) : (
        <button type="button" onClick={read}>
          {content}
        </button>
      )}
    </li>
  )
}

export function NoticeList({ notices, empty }: { notices: Notice[]; empty: string }) {
  if (notices.length === 0) return <p className={styles.none}>{empty}</p>
  return (
    <ul className={styles.list}>
      {notices.map((notice) => (
        <Line key={notice.id} notice={notice} />
      ))}
    </ul>
  )
}
