import { ReloadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { asProblem, faultText } from '@/api/problem'

import styles from './Feedback.module.css'

interface ProblemViewProps {
  error: unknown
  onRetry?: () => void
  /** Fills the place of a page instead of standing among other content. */
  page?: boolean
}

/** What went wrong, in the platform's own words, and how to mend it. */
export function ProblemView({ error, onRetry, page }: ProblemViewProps) {
  const { t } = useTranslation()
  const problem = asProblem(error)
  const title = problem.title || t(`problem.${problem.code}.title`, { defaultValue: t('problem.unexpected.title') })
  const hint = problem.hint ?? t(`problem.${problem.code}.hint`, { defaultValue: '' })
  return (
    <div className={page ? `${styles.problem} ${styles.pageProblem}` : styles.problem} role="alert">
      <div className={styles.problemHead}>
        <strong>{title}</strong>
        <code className={styles.code}>
          {problem.status > 0 ? `${problem.status} · ` : ''}
          {problem.code}
        </code>
      </div>
      {problem.detail && problem.detail !== title && <p>{problem.detail}</p>}
      {problem.errors && problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((fault) => (
            <li key={`${fault.field}:${faultText(fault)}`}>
              <code>{fault.field}</code> {faultText(fault)}
            </li>
          ))}
        </ul>
      )}
      {hint && (
        <p className={styles.hint}>
          <span>{t('problem.mend')}</span>
          {hint}
        </p>
      )}
      {onRetry && (
        <Button size="small" icon={<ReloadOutlined />} onClick={onRetry}>
          {t('retry')}
        </Button>
      )}
    </div>
  )
}

interface EmptyStateProps {
  title: string
  /** What to do next, in one or two sentences. */
  next?: ReactNode
  action?: ReactNode
  children?: ReactNode
}

/** Nothing here yet: says what would be here and what the next step is. */
export function EmptyState({ title, next, action, children }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      <svg width="72" height="44" viewBox="0 0 72 44" fill="none" aria-hidden="true">
        <ellipse cx="36" cy="31" rx="33" ry="10" stroke="var(--cy-line)" strokeWidth="1.4" />
        <ellipse cx="36" cy="31" rx="20" ry="6" stroke="var(--cy-line)" strokeWidth="1.4" />
        <ellipse cx="36" cy="31" rx="8" ry="2.4" stroke="var(--cy-jade)" strokeWidth="1.4" />
        <path
          d="M36 3c4.3 5.5 6.5 9 6.5 12a6.5 6.5 0 0 1-13 0c0-3 2.2-6.5 6.5-12z"
          fill="var(--cy-jade-wash)"
          stroke="var(--cy-jade)"
          strokeWidth="1.4"
        />
      </svg>
      <h3>{title}</h3>
      {next && <p>{next}</p>}
      {action && <div className="row">{action}</div>}
      {children}
    </div>
  )
}
