import { Alert, Button, Input, Progress, Select, Tag } from 'antd'
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'

import { useNames } from './names'

type Waiting = Got<'/api/v1/data/reviews/{review_id}/queue'>['items'][number]

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, [role="combobox"], [role="dialog"]') !== null
}

function Judged({
  item,
  pending,
  onJudge,
  onSkip,
}: {
  item: Waiting
  pending: boolean
  onJudge: (verdict: 'pass' | 'fail', clause: string, note: string) => void
  onSkip: () => void
}) {
  const { t } = useTranslation('data')
  const names = useNames()
  const { language } = usePreferences()
  const risks = $api.useQuery('get', '/api/v1/safety/risks', {}, { staleTime: Infinity }).data ?? []
  const [failing, setFailing] = useState(false)
  const [clause, setClause] = useState<string | null>(null)
  const [note, setNote] = useState('')
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || pending) return
      if (event.key === 'Escape') setFailing(false)
      if (typing(event.target)) return
      const key = event.key.toLowerCase()
      if (key === 'p') onJudge('pass', '', '')
      if (key === 'f') setFailing(true)
      if (key === 's') onSkip()
      if (['p', 'f', 's'].includes(key)) event.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [pending, onJudge, onSkip])
  return (
    <Section
      title={item.title || <code>{item.document}</code>}
      note={`${item.source} · ${names.domain(item.domain)}`}
      extra={item.disputed && <Tag color="orange">{t('review.disputed')}</Tag>}
    >
      <div className="stack">
        <p style={{ whiteSpace: 'pre-wrap', maxHeight: '52vh', overflowY: 'auto' }} tabIndex={0}>
          {item.text}
        </p>
        {item.characters > item.text.length && <Alert type="info" showIcon title={t('review.cut')} />}
        {failing ? (
          <div className="row">
            <Select
              autoFocus
              defaultOpen
              showSearch={{ optionFilterProp: 'label' }}
              placeholder={t('review.clause')}
              aria-label={t('review.clause')}
              value={clause}
              onChange={setClause}
              options={risks.map((risk) => ({ value: risk.id, label: `${risk.id} ${risk[language]}` }))}
              style={{ minWidth: 320 }}
            />
            <Input
              value={note}
              maxLength={500}
              placeholder={t('review.note')}
              aria-label={t('review.note')}
              onChange={(event) => setNote(event.target.value)}
              onPressEnter={() => clause && onJudge('fail', clause, note)}
              style={{ maxWidth: 320 }}
            />
            <Button danger disabled={!clause} loading={pending} onClick={() => clause && onJudge('fail', clause, note)}>
              {t('review.sendFail')}
            </Button>
            <Button onClick={() => setFailing(false)}>{t('review.cancel')}</Button>
          </div>
        ) : (
          <div className="row">
            <Button type="primary" loading={pending} onClick={() => onJudge('pass', '', '')}>
              {t('review.pass')} (P)
            </Button>
            <Button danger onClick={() => setFailing(true)}>
              {t('review.fail')} (F)
            </Button>
            <Button onClick={onSkip}>{t('review.skip')} (S)</Button>
          </div>
        )}
      </div>
    </Section>
  )
}

/** The caller's part of the queue, one document at a time, by keyboard. */
export function ReviewQueue({ reviewId, onJudged }: { reviewId: string; onJudged: () => void }) {
  const { t } = useTranslation('data')
  const [skipped, setSkipped] = useState<number[]>([])
  const [done, setDone] = useState<number[]>([])
  const query = $api.useQuery('get', '/api/v1/data/reviews/{review_id}/queue', {
    params: { path: { review_id: reviewId }, query: { limit: 20 } },
  })
  const send = $api.useMutation('post', '/api/v1/data/reviews/{review_id}/votes')
  const items = (query.data?.items ?? []).filter((one) => !done.includes(one.number))
  const item = items.find((one) => !skipped.includes(one.number)) ?? items[0]
  const { mutate } = send
  const { refetch } = query
  const left = items.length
  const judge = useCallback(
    (verdict: 'pass' | 'fail', clause: string, note: string) => {
      if (!item) return
      const settle = () => {
        setDone((held) => [...held, item.number])
        onJudged()
        if (left <= 3) void refetch()
      }
      mutate(
        {
          params: { path: { review_id: reviewId } },
          body: { votes: [{ number: item.number, verdict, clause, note }] },
        },
        { onSuccess: settle, onError: (error) => asProblem(error).code === 'vote_refused' && settle() },
      )
    },
    [item, left, mutate, onJudged, refetch, reviewId],
  )
  const skip = useCallback(() => {
    if (item) setSkipped((held) => [...held.filter((number) => number !== item.number), item.number])
  }, [item])
  if (query.error) return <ProblemView error={query.error} />
  if (!query.data) return <Loading />
  const total = query.data.mine + query.data.waiting
  const mine = Math.min(
    total,
    query.data.mine + done.filter((number) => query.data.items.some((one) => one.number === number)).length,
  )
  return (
    <div className="stack">
      <Progress
        percent={total ? Math.floor((mine / total) * 100) : 100}
        format={() => `${String(mine)} / ${String(total)}`}
        aria-label={t('review.mine')}
      />
      {send.error !== null && asProblem(send.error).code !== 'vote_refused' && <ProblemView error={send.error} />}
      {item ? (
        <Judged key={item.number} item={item} pending={send.isPending} onJudge={judge} onSkip={skip} />
      ) : (
        <EmptyState title={t('review.finished')} next={t('review.finishedNote')} />
      )}
    </div>
  )
}
