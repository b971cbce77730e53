import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { Count, Decimal } from '@/ui/Figures'

import styles from './RunChain.module.css'

type Run = Got<'/api/v1/data/runs/{job_id}'>

interface Step {
  key: string
  tone: 'ends' | 'operator' | 'dropped'
  kicker: string
  title: string
  figures: ReactNode
}

/** The chain of a run with its counts as they stand: what came in, each operator, what was dropped why, what is kept. */
export function RunChain({ run }: { run: Run }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const all = run.documents ?? run.change?.put ?? 0
  const operators = run.operators.map((one): Step => ({
    key: `operator ${one.name}`,
    tone: 'operator',
    kicker: t('run.operator'),
    title: one[language],
    figures: (
      <>
        <Count value={one.documents} />
        <span className="faint">
          {' '}
          · <Decimal value={one.seconds ? one.bytes / one.seconds / 1e6 : null} digits={1} /> MB/s
        </span>
      </>
    ),
  }))
  const dropped = run.stages.map((stage): Step => ({
    key: `dropped ${stage.reason}`,
    tone: 'dropped',
    kicker: t('run.dropped'),
    title: stage[language],
    figures: (
      <>
        −<Count value={stage.documents} />
      </>
    ),
  }))
  const steps: Step[] = [
    { key: 'in', tone: 'ends', kicker: t('run.raw'), title: t('run.documents'), figures: <Count value={all} /> },
    ...operators,
    ...dropped,
    { key: 'out', tone: 'ends', kicker: t('run.made'), title: t('quality.kept'), figures: <Count value={run.kept} /> },
  ]
  return (
    <ol className={styles.chain} aria-label={t('run.chain')}>
      {steps.map((step) => (
        <li key={step.key} className={styles.step}>
          <div className={styles.box} data-tone={step.tone}>
            <div className={styles.kicker}>{step.kicker}</div>
            <div className={styles.title}>{step.title}</div>
            <div className={styles.count}>{step.figures}</div>
          </div>
        </li>
      ))}
    </ol>
  )
}
