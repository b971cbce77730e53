import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'

import { usePreferences } from '@/app/preferences'

import type { Answer, Chosen } from './ChatPage'
import styles from './Law.module.css'
import { cutAtCitations } from './pieces'

interface AnswerTextProps {
  answer: Answer
  chosen: Chosen | null
  onChoose: (chosen: Chosen) => void
}

/** The answer with its citations as buttons; one that was not found in the law is struck and says so. */
export function AnswerText({ answer, chosen, onChoose }: AnswerTextProps) {
  const { t } = useTranslation('law')
  const { language } = usePreferences()
  return (
    <div className={styles.answer} data-kind={answer.kind}>
      <p>
        {cutAtCitations(answer.answer, answer.citations).map((piece, index) => {
          if (!piece.citation) return <span key={index}>{piece.text}</span>
          const source = answer.sources.find((each) => each.article_id === piece.citation?.article_id)
          if (!piece.citation.exists || !source) {
            return (
              <Tooltip key={index} title={t('citation.missing')}>
                <s className={styles.missing}>{piece.text}</s>
              </Tooltip>
            )
          }
          const active = chosen?.answerId === answer.id && chosen.number === source.number
          return (
            <button
              key={index}
              type="button"
              className={styles.citation}
              aria-pressed={active}
              title={`${source.law} ${source.article_no}`}
              onClick={() => onChoose({ answerId: answer.id, number: source.number })}
            >
              {piece.text}
            </button>
          )
        })}
      </p>
      {answer.notes.map((note) => (
        <p key={note.join()} className="faint">
          {note[language === 'zh' ? 0 : 1]}
        </p>
      ))}
    </div>
  )
}
