import { useLayoutEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import styles from './Conversation.module.css'

export interface Turn {
  id: string
  role: 'user' | 'assistant'
  content: ReactNode
  /** Text is still arriving. */
  busy?: boolean
  /** Under the text: citations, ratings, figures. */
  foot?: ReactNode
  selected?: boolean
}

/** The turns of a conversation; follows the end while the reader is there. */
export function Conversation({ turns, greeting }: { turns: Turn[]; greeting: ReactNode }) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const follow = useRef(true)
  useLayoutEffect(() => {
    if (follow.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [turns])
  return (
    <div
      ref={box}
      className={styles.box}
      role="log"
      aria-live="polite"
      tabIndex={0}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget
        follow.current = scrollHeight - scrollTop - clientHeight < 48
      }}
    >
      <div className={styles.turns}>
        {turns.length === 0 && greeting}
        {turns.map((turn) => (
          <article key={turn.id} className={styles.turn} data-role={turn.role} data-selected={turn.selected}>
            <span className="visually-hidden">{t(`chat.${turn.role}`)}</span>
            <div className={styles.content}>
              {turn.content}
              {turn.busy && <span className={styles.caret} aria-hidden="true" />}
            </div>
            {turn.foot && <div className={styles.foot}>{turn.foot}</div>}
          </article>
        ))}
      </div>
    </div>
  )
}
