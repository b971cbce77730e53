import { Button } from 'antd'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { usePreferences } from '@/app/preferences'

import styles from './LogView.module.css'

export interface LogLine {
  /** Place in the log; grows by one. */
  seq: number
  at: string
  level: string
  message: string
  /** May hold the line's Chinese wording under `zh`. */
  data?: Record<string, unknown> | null
}

interface LogViewProps {
  lines: LogLine[]
  live?: boolean
  height?: number
  label: string
}

const words = (line: LogLine, language: string): string =>
  language === 'zh' && typeof line.data?.zh === 'string' ? line.data.zh : line.message

const clock = (at: string, language: string): string =>
  new Date(at).toLocaleTimeString(language === 'zh' ? 'zh-CN' : 'en-GB', { hour12: false })

/** A log that follows its end until the reader scrolls up. */
export function LogView({ lines, live, height = 360, label }: LogViewProps) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const box = useRef<HTMLDivElement>(null)
  const [follow, setFollow] = useState(true)
  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines, follow])
  useEffect(() => {
    const element = box.current
    if (!element) return
    const watch = () => setFollow(element.scrollHeight - element.scrollTop - element.clientHeight < 24)
    element.addEventListener('scroll', watch, { passive: true })
    return () => element.removeEventListener('scroll', watch)
  }, [])
  return (
    <div className={styles.frame}>
      <div ref={box} className={styles.log} style={{ height }} role="log" aria-label={label} tabIndex={0}>
        {lines.length === 0 && <div className={styles.none}>{t(live ? 'log.waiting' : 'log.none')}</div>}
        {lines.map((line) => (
          <div key={line.seq} className={styles.line} data-level={line.level.toLowerCase()}>
            <time dateTime={line.at}>{clock(line.at, language)}</time>
            <span>{words(line, language)}</span>
          </div>
        ))}
      </div>
      {!follow && (
        <Button className={styles.follow} size="small" onClick={() => setFollow(true)}>
          {t('log.follow')}
        </Button>
      )}
    </div>
  )
}
