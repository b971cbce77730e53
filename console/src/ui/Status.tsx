import { useTranslation } from 'react-i18next'

import styles from './Status.module.css'

export type Tone = 'neutral' | 'active' | 'good' | 'warn' | 'bad'

const tones: Record<string, Tone> = {
  queued: 'neutral',
  pending: 'neutral',
  draft: 'neutral',
  created: 'neutral',
  paused: 'warn',
  running: 'active',
  cancelling: 'warn',
  submitted: 'active',
  reviewing: 'active',
  succeeded: 'good',
  success: 'good',
  done: 'good',
  active: 'good',
  passed: 'good',
  approved: 'good',
  published: 'good',
  released: 'good',
  resolved: 'good',
  ok: 'good',
  waiting: 'warn',
  exhausted: 'warn',
  expired: 'warn',
  suspended: 'warn',
  warning: 'warn',
  open: 'bad',
  failed: 'bad',
  error: 'bad',
  blocked: 'bad',
  refused: 'bad',
  rejected: 'bad',
  revoked: 'neutral',
  cancelled: 'neutral',
  closed: 'neutral',
}

export function toneOf(status: string): Tone {
  return tones[status.toLowerCase()] ?? 'neutral'
}

/** A state in words with a dot of its tone; never told by colour alone. */
export function Status({ value, tone, label }: { value: string; tone?: Tone; label?: React.ReactNode }) {
  const { t } = useTranslation()
  const kind = tone ?? toneOf(value)
  return (
    <span className={styles.status} data-tone={kind}>
      <span className={styles.dot} aria-hidden="true" />
      {label ?? t(`status.${value.toLowerCase()}`, { defaultValue: value })}
    </span>
  )
}
