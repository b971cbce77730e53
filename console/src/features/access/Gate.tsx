import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { LanguageSwitch, ThemeSwitch } from '@/layout/Switches'
import { Mark } from '@/ui/Mark'

import styles from './Gate.module.css'

const STEPS = ['sources', 'data', 'models', 'evaluation', 'governance', 'scenarios', 'feedback'] as const

function Ripples() {
  return (
    <svg className={styles.ripples} viewBox="0 0 800 800" aria-hidden="true" fill="none">
      {[70, 130, 200, 280, 370, 470, 580].map((radius, index) => (
        <circle
          key={radius}
          cx="560"
          cy="610"
          r={radius}
          stroke="#6fd0c5"
          strokeOpacity={0.34 - index * 0.042}
          strokeWidth={1.4}
          strokeDasharray={`${radius * 4.4} ${radius * 1.9}`}
          transform={`rotate(${-40 + index * 23} 560 610)`}
        />
      ))}
      <circle cx="560" cy="610" r="15" fill="#e0694f" />
      <circle cx="560" cy="610" r="30" stroke="#e0694f" strokeOpacity=".35" />
    </svg>
  )
}

/** The frame of the pages before sign-in: who we are on the left, the form on the right. */
export function Gate({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation('access')
  return (
    <div className={styles.gate}>
      <section className={styles.brand}>
        <Ripples />
        <div className={styles.name}>
          <Mark size={44} />
          <span className={styles.hanzi}>策源</span>
          <span className={styles.latin}>Ceyuan</span>
        </div>
        <div className={styles.pitch}>
          <p className={styles.motto}>{t('motto')}</p>
          <p className={styles.sub}>{t('sub')}</p>
        </div>
        <ol className={styles.loop}>
          {STEPS.map((step) => (
            <li key={step}>{t(`loop.${step}`)}</li>
          ))}
        </ol>
      </section>
      <main className={styles.side}>
        <div className={styles.tools}>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
        <div className={styles.form}>
          <h1>{title}</h1>
          {note && <p className="soft">{note}</p>}
          {children}
        </div>
      </main>
    </div>
  )
}
