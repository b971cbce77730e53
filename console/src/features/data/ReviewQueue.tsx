import { UndoOutlined } from '@ant-design/icons'
import { Alert, Button, Progress, Tag } from 'antd'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { formatCount } from '@/lib/format'
import { parseReference, repositoryPath } from '@/lib/reference'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'

import { FailingForm } from './FailingForm'
import { Hand } from './hand'
import { useNames } from './names'

type Waiting = Got<'/api/v1/data/reviews/{review_id}/queue'>['items'][number]
export interface Vote {
  number: number
  verdict: 'pass' | 'fail'
  clause: string
  note: string
}

/** How many judgements can be taken back, and for how long: while one goes on judging, and at the end of the queue. */
const HELD = 3
const REST_MS = 30_000
const END_MS = 4_000
/** With so few documents left the next ones are fetched. */
const FEW = 8

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, [role="combobox"], [role="dialog"]') !== null
}

/** Where the whole of a document is read. */
function documentPath(dataset: string, id: string): string {
  const place = parseReference(dataset)
  const query = new URLSearchParams({ tab: 'documents', id, revision: place?.revision ?? 'main' })
  return place ? `${repositoryPath('dataset', place.owner, place.name)}/quality?${query.toString()}` : ''
}

interface JudgedProps {
  item: Waiting
  dataset: string
  onJudge: (vote: Omit<Vote, 'number'>) => void
  onSkip: () => void
}

function Judged({ item, dataset, onJudge, onSkip }: JudgedProps) {
  const { t } = useTranslation('data')
  const names = useNames()
  const [failing, setFailing] = useState(false)
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      if (event.key === 'Escape') setFailing(false)
      if (typing(event.target)) return
      const key = event.key.toLowerCase()
      if (key === 'p') onJudge({ verdict: 'pass', clause: '', note: '' })
      if (key === 'f') setFailing(true)
      if (key === 's') onSkip()
      if (['p', 'f', 's'].includes(key)) event.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [onJudge, onSkip])
  return (
    <Section
      title={item.title || <code>{item.document}</code>}
      note={`${item.source} · ${names.domain(item.domain)}`}
      extra={item.disputed && <Tag color="orange">{t('review.disputed')}</Tag>}
    >
      <div className="stack">
        {failing ? (
          <FailingForm onFail={onJudge} onCancel={() => setFailing(false)} />
        ) : (
          <div className="row">
            <Button
              type="primary"
              aria-keyshortcuts="P"
              onClick={() => onJudge({ verdict: 'pass', clause: '', note: '' })}
            >
              {t('review.pass')} (P)
            </Button>
            <Button danger aria-keyshortcuts="F" onClick={() => setFailing(true)}>
              {t('review.fail')} (F)
            </Button>
            <Button aria-keyshortcuts="S" onClick={onSkip}>
              {t('review.skip')} (S)
            </Button>
          </div>
        )}
        <p
          role="region"
          aria-label={t('review.text')}
          style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: '60vh', overflowY: 'auto' }}
          tabIndex={0}
        >
          {item.text}
        </p>
        {item.characters > item.text.length && (
          <Alert
            type="info"
            showIcon
            title={t('review.cut')}
            action={
              <Link to={documentPath(dataset, item.document)} target="_blank">
                {t('review.whole')}
              </Link>
            }
          />
        )}
      </div>
    </Section>
  )
}

/** Sends judgements one by one, the last few only after a while. `onSent` and `onLost` stay the same functions. */
function useHand(reviewId: string, onSent: () => void, onLost: (number: number, error: unknown) => void) {
  const [held, setHeld] = useState(0)
  const hand = useRef<Hand<Vote> | null>(null)
  useEffect(() => {
    const send = (vote: Vote) => {
      // Kept alive, because what is held is also sent when the page is left.
      api
        .POST('/api/v1/data/reviews/{review_id}/votes', {
          params: { path: { review_id: reviewId } },
          body: { votes: [vote] },
          keepalive: true,
        })
        .then(onSent)
        .catch((error: unknown) => {
          // Others gave the document its verdict meanwhile.
          if (asProblem(error).code === 'vote_refused') onSent()
          else onLost(vote.number, error)
        })
    }
    const mine = new Hand<Vote>(send, HELD, setHeld)
    const leave = () => mine.flush()
    hand.current = mine
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      leave()
    }
  }, [reviewId, onSent, onLost])
  const give = useCallback((vote: Vote, restMs: number) => hand.current?.give(vote, restMs), [])
  const take = useCallback(() => hand.current?.take(REST_MS), [])
  return { give, take, held }
}

interface ReviewQueueProps {
  reviewId: string
  /** What is reviewed, as a reference with its revision. */
  dataset: string
  onJudged: () => void
}

/** The caller's part of the queue, one document at a time, by keyboard. */
export function ReviewQueue({ reviewId, dataset, onJudged }: ReviewQueueProps) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const [skipped, setSkipped] = useState<number[]>([])
  const [done, setDone] = useState<number[]>([])
  const [back, setBack] = useState<number | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const query = $api.useQuery('get', '/api/v1/data/reviews/{review_id}/queue', {
    params: { path: { review_id: reviewId }, query: { limit: 50 } },
  })
  const { refetch } = query
  /** Puts a document whose judgement was taken back, or did not arrive, before the reviewer again. */
  const reopen = useCallback((number: number) => {
    setDone((all) => all.filter((one) => one !== number))
    setBack(number)
  }, [])
  const lost = useCallback(
    (number: number, error: unknown) => {
      setFault(error)
      reopen(number)
    },
    [reopen],
  )
  const { give, take, held } = useHand(reviewId, onJudged, lost)
  const given = query.data?.items ?? []
  const items = given.filter((one) => !done.includes(one.number))
  const item =
    items.find((one) => one.number === back) ?? items.find((one) => !skipped.includes(one.number)) ?? items[0]
  const left = items.length
  // Those that are held or under way still wait as far as the platform knows.
  const more = (query.data?.waiting ?? 0) > given.length
  const judge = useCallback(
    (vote: Omit<Vote, 'number'>) => {
      if (!item) return
      setFault(null)
      setBack(null)
      setDone((all) => [...all, item.number])
      give({ ...vote, number: item.number }, left > 1 || more ? REST_MS : END_MS)
    },
    [item, give, left, more],
  )
  const skip = useCallback(() => {
    if (!item) return
    setBack(null)
    setSkipped((all) => [...all.filter((number) => number !== item.number), item.number])
  }, [item])
  const undo = useCallback(() => {
    const last = take()
    if (last) reopen(last.number)
  }, [take, reopen])
  useEffect(() => {
    if (more && left <= FEW) void refetch()
  }, [more, left, refetch])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = event.key.toLowerCase()
      const plain = !event.altKey && !event.shiftKey && !typing(event.target)
      if (!plain || (event.ctrlKey || event.metaKey ? key !== 'z' : key !== 'u')) return
      undo()
      event.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [undo])
  if (query.error) return <ProblemView error={query.error} onRetry={() => void refetch()} />
  if (!query.data) return <Loading />
  const total = query.data.mine + query.data.waiting
  const mine = Math.min(total, query.data.mine + given.length - left)
  const told = `${formatCount(mine, language)} / ${formatCount(total, language)}`
  return (
    <div className="stack">
      <div className="row" style={{ flexWrap: 'nowrap' }} hidden={total === 0}>
        <Progress
          percent={Math.floor((mine / Math.max(1, total)) * 100)}
          format={() => told}
          aria-label={`${t('review.mine')} ${told}`}
        />
        <Button
          icon={<UndoOutlined />}
          disabled={!held}
          aria-keyshortcuts="U"
          title={t('review.undoNote')}
          onClick={undo}
        >
          {t('review.undo')} (U)
        </Button>
      </div>
      {fault !== null && <ProblemView error={fault} />}
      {item && <Judged key={item.number} item={item} dataset={dataset} onJudge={judge} onSkip={skip} />}
      {!item && (more ? <Loading /> : <EmptyState title={t('review.finished')} next={t('review.finishedNote')} />)}
    </div>
  )
}
