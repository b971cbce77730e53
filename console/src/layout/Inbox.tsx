import { BellOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Badge, Button, Popover } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { NoticeList } from '@/ui/NoticeList'

import styles from './Shell.module.css'

const COUNT = '/api/v1/notices/count'

function Latest({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const { data } = $api.useQuery('get', '/api/v1/notices', { params: { query: { limit: 8 } } })
  const readAll = async () => {
    await api.POST('/api/v1/notices/read')
    await queries.invalidateQueries({ queryKey: ['get', COUNT] })
    await queries.invalidateQueries({ queryKey: ['get', '/api/v1/notices'] })
  }
  return (
    <div className={styles.inbox}>
      <div className={styles.inboxHead}>
        <strong>{t('inbox.title')}</strong>
        <Button type="link" size="small" onClick={() => void readAll()}>
          {t('inbox.readAll')}
        </Button>
      </div>
      <div className={styles.inboxBody} onClick={onDone}>
        {data && <NoticeList notices={data.items} empty={t('inbox.none')} />}
      </div>
      <Link className={styles.inboxFoot ?? ''} to="/todo" onClick={onDone}>
        {t('inbox.all')}
      </Link>
    </div>
  )
}

/** The bell: how many notices are unread, and the latest of them. */
export function Inbox() {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const { data } = $api.useQuery('get', COUNT, {}, { refetchInterval: 30_000 })
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      trigger="click"
      placement="bottomRight"
      destroyOnHidden
      styles={{ container: { padding: 0 } }}
      content={<Latest onDone={() => setOpen(false)} />}
    >
      <button type="button" className={styles.iconButton} aria-label={`${t('inbox.label')}: ${data?.unread ?? 0}`}>
        <Badge count={data?.unread ?? 0} size="small" offset={[2, -2]}>
          <BellOutlined style={{ fontSize: 16, color: 'var(--cy-ink-soft)' }} />
        </Badge>
      </button>
    </Popover>
  )
}
