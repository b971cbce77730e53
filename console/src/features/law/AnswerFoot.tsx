import { DislikeFilled, DislikeOutlined, LikeFilled, LikeOutlined, NodeIndexOutlined } from '@ant-design/icons'
import { App, Button, Input, Popover, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import { asProblem } from '@/api/problem'

import type { Answer } from './ChatPage'

/** What kind of answer it is, where it comes from, and how good it was. */
export function AnswerFoot({ answer, onRated }: { answer: Answer; onRated: (answer: Answer) => void }) {
  const { t } = useTranslation('law')
  const { message } = App.useApp()
  const [comment, setComment] = useState(answer.comment ?? '')
  const [asking, setAsking] = useState(false)
  const rate = async (rating: 1 | -1) => {
    try {
      const { data } = await api.PUT('/api/v1/law/answers/{answer_id}/rating', {
        params: { path: { answer_id: answer.id } },
        body: { rating, comment },
      })
      if (data) onRated(data)
      setAsking(false)
      void message.success(t('rating.kept'))
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <>
      <Tag variant="filled">{t(`kind.${answer.kind}`)}</Tag>
      {answer.model && <span>{answer.model}</span>}
      <span>{t('sources', { count: answer.sources.length })}</span>
      <Link to={`/scenarios/law/answers/${answer.id}`}>
        <NodeIndexOutlined /> {t('lineage')}
      </Link>
      <span>
        <Button
          type="text"
          size="small"
          aria-label={t('rating.good')}
          aria-pressed={answer.rating === 1}
          icon={answer.rating === 1 ? <LikeFilled /> : <LikeOutlined />}
          onClick={() => void rate(1)}
        />
        <Popover
          open={asking}
          onOpenChange={setAsking}
          trigger="click"
          content={
            <div className="stack" style={{ gap: 8, width: 260 }}>
              <Input.TextArea
                autoFocus
                value={comment}
                onChange={(event) => setComment(event.target.value)}
                placeholder={t('rating.why')}
                maxLength={1000}
                autoSize={{ minRows: 2 }}
              />
              <Button type="primary" size="small" onClick={() => void rate(-1)}>
                {t('rating.send')}
              </Button>
            </div>
          }
        >
          <Button
            type="text"
            size="small"
            aria-label={t('rating.bad')}
            aria-pressed={answer.rating === -1}
            icon={answer.rating === -1 ? <DislikeFilled /> : <DislikeOutlined />}
          />
        </Popover>
      </span>
    </>
  )
}
