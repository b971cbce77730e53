import { LeftOutlined, RightOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import type { ListControls } from '@/lib/listState'

import styles from './DataTable.module.css'

/** Whether the address was opened directly, so that a step back would leave the console. */
function isFirstStep(): boolean {
  return ((history.state as { idx?: number } | null)?.idx ?? 0) === 0
}

/** Turns the pages of a list; each page is a step in the browser's history. */
export function Pager({ list, next }: { list: ListControls; next: string | null | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const back = () => (isFirstStep() ? list.setCursor(null) : void navigate(-1))
  if (!list.cursor && !next) return null
  return (
    <nav className={styles.pager} aria-label={t('list.pages')}>
      {list.cursor && (
        <Button type="text" size="small" onClick={() => list.setCursor(null)}>
          {t('list.first')}
        </Button>
      )}
      <Button size="small" icon={<LeftOutlined />} disabled={!list.cursor} onClick={back}>
        {t('list.previous')}
      </Button>
      <Button
        size="small"
        icon={<RightOutlined />}
        iconPlacement="end"
        disabled={!next}
        onClick={() => next && list.setCursor(next)}
      >
        {t('list.next')}
      </Button>
    </nav>
  )
}
