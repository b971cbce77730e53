import { usePreferences } from '@/app/preferences'
import { formatPercent } from '@/lib/format'

import styles from './IntervalBar.module.css'

interface IntervalBarProps {
  /** A proportion with its confidence interval. */
  estimate: { value: number; low: number; high: number }
  /** A proportion to compare with: chance, or what is needed. */
  mark?: number
  label: string
}

/** A proportion as a point with its interval on a line from 0 to 1. */
export function IntervalBar({ estimate, mark, label }: IntervalBarProps) {
  const { language } = usePreferences()
  const percent = (ratio: number) => `${Math.max(0, Math.min(1, ratio)) * 100}%`
  const text = formatPercent(estimate.value, language)
  const range = `[${formatPercent(estimate.low, language)}, ${formatPercent(estimate.high, language)}]`
  return (
    <div className={styles.row} role="img" aria-label={`${label}: ${text} ${range}`}>
      <div className={styles.line}>
        {mark !== undefined && <span className={styles.mark} style={{ left: percent(mark) }} />}
        <span
          className={styles.range}
          style={{ left: percent(estimate.low), width: percent(estimate.high - estimate.low) }}
        />
        <span className={styles.point} style={{ left: percent(estimate.value) }} />
      </div>
      <span className={`${styles.text} num`}>
        <strong>{text}</strong> <span className="faint">{range}</span>
      </span>
    </div>
  )
}
