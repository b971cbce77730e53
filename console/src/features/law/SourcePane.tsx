import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

import { CopyButton, Hash } from '@/ui/Figures'

import type { Answer, Chosen } from './ChatPage'
import styles from './Law.module.css'

interface SourcePaneProps {
  answer: Answer
  chosen: Chosen | null
  onChoose: (chosen: Chosen) => void
}

/** The articles that an answer rests on, beside it; the chosen one is in view and marked. */
export function SourcePane({ answer, chosen, onChoose }: SourcePaneProps) {
  const { t } = useTranslation('law')
  const active = useRef<HTMLElement>(null)
  useEffect(() => {
    // The braces matter: newer browsers return a promise here, which React would take for a clean-up.
    void active.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' })
  }, [chosen])
  return (
    <aside className={styles.sources} aria-label={t('sourcesTitle')}>
      <h2>{t('sourcesTitle')}</h2>
      {answer.sources.map((source) => {
        const current = chosen?.number === source.number
        return (
          <article
            key={source.article_id}
            ref={current ? active : undefined}
            className={styles.source}
            data-current={current}
            onClick={() => onChoose({ answerId: answer.id, number: source.number })}
          >
            <header>
              <span className={styles.number}>{source.number}</span>
              <strong>
                《{source.law}》{source.article_no}
              </strong>
              <CopyButton text={`《${source.law}》${source.article_no}\n${source.text}`} />
            </header>
            <p>{source.text}</p>
            <footer>
              <span>{source.status}</span>
              {source.effective && <span>{t('effective', { date: source.effective })}</span>}
              <span title={t('hashNote')}>
                <Hash value={source.quote_hash} length={10} />
              </span>
            </footer>
          </article>
        )
      })}
    </aside>
  )
}
