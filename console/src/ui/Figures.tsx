import { CheckOutlined, CopyOutlined } from '@ant-design/icons'
import { Tooltip } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { usePreferences } from '@/app/preferences'
import {
  formatBytes,
  formatCount,
  formatDateTime,
  formatDuration,
  formatMoney,
  formatNumber,
  formatPercent,
  formatRelative,
  shortHash,
} from '@/lib/format'

import styles from './Figures.module.css'

const NOTHING = <span className="faint">—</span>

type Maybe<T> = T | null | undefined

/** An amount in micro-yuan. */
export function Money({ micro }: { micro: Maybe<number | string> }) {
  const { language } = usePreferences()
  return micro === null || micro === undefined ? NOTHING : <span className="num">{formatMoney(micro, language)}</span>
}

/** A price that was derived from others, in micro-yuan: its digits beyond the fen say nothing. */
export function DerivedPrice({ micro }: { micro: Maybe<number> }) {
  return <Money micro={typeof micro === 'number' ? Math.round(micro / 10_000) * 10_000 : micro} />
}

export function Bytes({ value }: { value: Maybe<number> }) {
  const { language } = usePreferences()
  return value === null || value === undefined ? NOTHING : <span className="num">{formatBytes(value, language)}</span>
}

/** A count, shortened when large; the tooltip has all digits. */
export function Count({ value }: { value: Maybe<number> }) {
  const { language } = usePreferences()
  if (value === null || value === undefined) return NOTHING
  const short = formatCount(value, language)
  const full = formatNumber(value, language)
  return short === full ? (
    <span className="num">{full}</span>
  ) : (
    <Tooltip title={full}>
      <span className="num">{short}</span>
    </Tooltip>
  )
}

export function Decimal({ value, digits = 3 }: { value: Maybe<number>; digits?: number }) {
  const { language } = usePreferences()
  return value === null || value === undefined ? (
    NOTHING
  ) : (
    <span className="num">{formatNumber(value, language, digits)}</span>
  )
}

export function Percent({ ratio, digits = 1 }: { ratio: Maybe<number>; digits?: number }) {
  const { language } = usePreferences()
  return ratio === null || ratio === undefined ? (
    NOTHING
  ) : (
    <span className="num">{formatPercent(ratio, language, digits)}</span>
  )
}

export function Duration({ seconds }: { seconds: Maybe<number> }) {
  const { language } = usePreferences()
  return seconds === null || seconds === undefined ? (
    NOTHING
  ) : (
    <span className="num">{formatDuration(seconds, language)}</span>
  )
}

/** Seconds from `start` until `end`, or until now, counting on while it runs. */
export function Elapsed({ start, end }: { start: Maybe<string>; end: Maybe<string> }) {
  const [now, setNow] = useState(() => Date.now())
  const running = Boolean(start) && !end
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [running])
  if (!start) return NOTHING
  const until = end ? new Date(end).getTime() : now
  return <Duration seconds={Math.max(0, (until - new Date(start).getTime()) / 1000)} />
}

/** A moment: how long ago, with the full time in the tooltip; or the full time itself. */
export function Time({ value, full = false }: { value: Maybe<string>; full?: boolean }) {
  const { language } = usePreferences()
  if (!value) return NOTHING
  const time = new Date(value)
  const exact = formatDateTime(time, language, true)
  if (full)
    return (
      <time className="num" dateTime={value}>
        {exact}
      </time>
    )
  return (
    <Tooltip title={exact}>
      <time className="num" dateTime={value}>
        {formatRelative(time, new Date(), language)}
      </time>
    </Tooltip>
  )
}

/** A button that puts `text` on the clipboard and says so. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation()
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 1600)
    return () => clearTimeout(timer)
  }, [done])
  const name = done ? t('copied') : (label ?? t('copy'))
  return (
    <Tooltip title={name}>
      <button
        type="button"
        className={styles.copy}
        aria-label={name}
        onClick={(event) => {
          event.stopPropagation()
          void navigator.clipboard.writeText(text).then(() => setDone(true))
        }}
      >
        {done ? <CheckOutlined /> : <CopyOutlined />}
      </button>
    </Tooltip>
  )
}

/** A digest, shortened for the eye and copied whole. */
export function Hash({ value, length }: { value: Maybe<string>; length?: number }) {
  if (!value) return NOTHING
  return (
    <span className={styles.hash}>
      <Tooltip title={value}>
        <code>{shortHash(value, length)}</code>
      </Tooltip>
      <CopyButton text={value} />
    </span>
  )
}

interface StatProps {
  label: React.ReactNode
  value: React.ReactNode
  note?: React.ReactNode
  tone?: 'plain' | 'good' | 'bad'
}

/** One large figure with its name. */
export function Stat({ label, value, note, tone = 'plain' }: StatProps) {
  return (
    <div className={styles.stat}>
      <div className={styles.statLabel}>{label}</div>
      <div className={`${styles.statValue} num`} data-tone={tone}>
        {value}
      </div>
      {note && <div className={styles.statNote}>{note}</div>}
    </div>
  )
}

export function Stats({ children }: { children: React.ReactNode }) {
  return <div className={styles.stats}>{children}</div>
}
