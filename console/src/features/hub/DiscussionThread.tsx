import { ArrowLeftOutlined, EditOutlined, EyeInvisibleOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Input, Popconfirm } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got } from '@/api/types'
import { useSession } from '@/app/session'
import { shortHash } from '@/lib/format'
import { repositoryPath } from '@/lib/reference'
import { ProblemView } from '@/ui/Feedback'
import { Hash, Time } from '@/ui/Figures'
import { Markdown } from '@/ui/Markdown'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { Difference } from './Difference'
import styles from './Discussions.module.css'
import { TONES } from './DiscussionsTab'
import { pathOf, type Place } from './RepositoryPage'

const LIST = '/api/v1/repositories/{kind}/{owner}/{name}/discussions'
const ONE = `${LIST}/{number}` as const

type Discussion = Got<typeof ONE>
type Event = Discussion['events'][number]
type Pull = NonNullable<Discussion['pull']>

/** Runs a change of this discussion and brings what is shown up to date; says what was refused. */
function useAct() {
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const act = async (change: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await change()
      await Promise.all([ONE, LIST].map((path) => queries.invalidateQueries({ queryKey: ['get', path] })))
      return true
    } catch (problem) {
      void message.error(asProblem(problem).detail)
      return false
    } finally {
      setBusy(false)
    }
  }
  return [act, busy] as const
}

function Comment({ place, number, event }: { place: Place; number: number; event: Event }) {
  const { t } = useTranslation('hub')
  const { t: common } = useTranslation()
  const session = useSession()
  const [act, busy] = useAct()
  const [draft, setDraft] = useState<string | null>(null)
  const text = typeof event.data.text === 'string' ? event.data.text : ''
  const params = { path: { ...pathOf(place), number, comment_id: event.id } }
  const mine = event.author_id === session.id
  const save = async () => {
    const words = draft ?? ''
    if (await act(() => api.PATCH(`${ONE}/comments/{comment_id}`, { params, body: { text: words } }))) setDraft(null)
  }
  return (
    <article className={styles.comment}>
      <header>
        <strong>{event.author}</strong>
        <span className="faint">
          <Time value={event.created_at} /> {event.data.edited === true && t('talk.edited')}
        </span>
        {mine && !event.data.hidden && (
          <span className={styles.tools}>
            <Button
              type="text"
              size="small"
              icon={<EditOutlined />}
              aria-label={t('talk.edit')}
              onClick={() => setDraft(text)}
            />
            <Popconfirm
              title={t('talk.hideNote')}
              onConfirm={() => void act(() => api.DELETE(`${ONE}/comments/{comment_id}`, { params }))}
            >
              <Button type="text" size="small" icon={<EyeInvisibleOutlined />} aria-label={t('talk.hide')} />
            </Popconfirm>
          </span>
        )}
      </header>
      {event.data.hidden === true ? (
        <p className="faint">{t('talk.hidden')}</p>
      ) : draft === null ? (
        <Markdown text={text} />
      ) : (
        <div className="stack">
          <Input.TextArea
            value={draft}
            autoSize={{ minRows: 3 }}
            aria-label={t('talk.text')}
            onChange={(e) => setDraft(e.target.value)}
          />
          <div className="row">
            <Button type="primary" loading={busy} disabled={!draft.trim()} onClick={() => void save()}>
              {common('save')}
            </Button>
            <Button onClick={() => setDraft(null)}>{common('cancel')}</Button>
          </div>
        </div>
      )}
    </article>
  )
}

function Happened({ place, event }: { place: Place; event: Event }) {
  const { t } = useTranslation('hub')
  const data = event.data as Record<string, string>
  return (
    <p className={styles.happened}>
      <strong>{event.author}</strong>{' '}
      {event.kind === 'commit' ? (
        <>
          {t('talk.committed')}{' '}
          <Link to={`${repositoryPath(place.kind, place.owner, place.name, data.oid ?? '')}&tab=files`}>
            {data.subject} <code>{shortHash(data.oid ?? '')}</code>
          </Link>
        </>
      ) : event.kind === 'title-change' ? (
        t('talk.renamed', { from: data.from, to: data.to })
      ) : (
        t(`talk.became.${data.status ?? 'open'}`)
      )}{' '}
      <span className="faint">
        <Time value={event.created_at} />
      </span>
    </p>
  )
}

function PullView({ place, pull, status }: { place: Place; pull: Pull; status: Discussion['status'] }) {
  const { t } = useTranslation('hub')
  return (
    <Section
      title={t('talk.changes')}
      note={
        <>
          <code>{pull.ref}</code> → <code>{pull.base}</code>
        </>
      }
      extra={pull.merge_commit && <Hash value={pull.merge_commit} />}
    >
      {pull.conflicts.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('talk.conflicts')}
          description={pull.conflicts.join(', ')}
          style={{ marginBottom: 12 }}
        />
      )}
      {pull.start === pull.head ? (
        <p className="soft">{status === 'merged' ? t('diff.empty') : t('talk.push', { ref: pull.ref })}</p>
      ) : (
        <Difference place={place} older={pull.start} newer={pull.head} />
      )}
    </Section>
  )
}

function Answer({ place, talk }: { place: Place; talk: Discussion }) {
  const { t } = useTranslation('hub')
  const [text, setText] = useState('')
  const [act, busy] = useAct()
  const params = { path: { ...pathOf(place), number: talk.number } }
  const running = talk.status === 'open' || talk.status === 'draft'
  const say = async () => {
    if (await act(() => api.POST(`${ONE}/comments`, { params, body: { text } }))) setText('')
  }
  const turn = async (status: 'open' | 'closed') => {
    if (await act(() => api.POST(`${ONE}/status`, { params, body: { status, text } }))) setText('')
  }
  const merge = async () => {
    if (await act(() => api.POST(`${ONE}/merge`, { params, body: { text } }))) setText('')
  }
  if (!talk.may_comment) return null
  return (
    <div className="stack">
      <Input.TextArea
        value={text}
        maxLength={65_536}
        autoSize={{ minRows: 3, maxRows: 14 }}
        placeholder={t('talk.say')}
        aria-label={t('talk.say')}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="row">
        <Button type="primary" loading={busy} disabled={!text.trim()} onClick={() => void say()}>
          {t('talk.comment')}
        </Button>
        {talk.may_change && running && (
          <Button disabled={busy} onClick={() => void turn('closed')}>
            {t('talk.close')}
          </Button>
        )}
        {talk.may_change && talk.status !== 'open' && (
          <Button disabled={busy} onClick={() => void turn('open')}>
            {t(talk.status === 'draft' ? 'talk.ready' : 'talk.reopen')}
          </Button>
        )}
        {talk.may_merge && (
          <Popconfirm title={t('talk.mergeNote', { base: talk.pull?.base })} onConfirm={() => void merge()}>
            <Button disabled={busy}>{t('talk.merge')}</Button>
          </Popconfirm>
        )}
      </div>
    </div>
  )
}

/** One discussion or pull request: what was said and done, what it would change, and the next word. */
export function DiscussionThread({ place, number, onBack }: { place: Place; number: number; onBack: () => void }) {
  const { t } = useTranslation('hub')
  const query = $api.useQuery('get', ONE, { params: { path: { ...pathOf(place), number } } })
  const back = (
    <Button type="link" icon={<ArrowLeftOutlined />} onClick={onBack} style={{ padding: 0 }}>
      {t('talk.back')}
    </Button>
  )
  if (query.error) {
    return (
      <div className="stack">
        <div>{back}</div>
        <ProblemView error={query.error} onRetry={() => void query.refetch()} />
      </div>
    )
  }
  const talk = query.data
  if (!talk) return <div style={{ minHeight: 320 }} />
  return (
    <div className="stack">
      <div>{back}</div>
      <div className={styles.head}>
        <h2>
          {talk.title} <span className="faint num">#{talk.number}</span>
        </h2>
        <Status value={talk.status} tone={TONES[talk.status]} label={t(`talk.status.${talk.status}`)} />
      </div>
      {talk.events.map((event) =>
        event.kind === 'comment' ? (
          <Comment key={event.id} place={place} number={number} event={event} />
        ) : (
          <Happened key={event.id} place={place} event={event} />
        ),
      )}
      {talk.pull && <PullView place={place} pull={talk.pull} status={talk.status} />}
      <Answer place={place} talk={talk} />
    </div>
  )
}
