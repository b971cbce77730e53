import { Alert } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Posted } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Page } from '@/ui/Page'
import { Composer } from '@/ui/chat/Composer'
import { Conversation, type Turn } from '@/ui/chat/Conversation'

import { AnswerFoot } from './AnswerFoot'
import { AnswerText } from './AnswerText'
import type { Assistant } from './AssistantsPage'
import styles from './Law.module.css'
import { SourcePane } from './SourcePane'

export type Answer = Posted<'/api/v1/law/assistants/{assistant_id}/ask'>

interface Exchange {
  id: number
  question: string
  answer: Answer | null
  error: unknown
}

/** Which source of which answer is open beside the conversation. */
export interface Chosen {
  answerId: string
  number: number
}

function useExchanges(assistantId: string) {
  const [exchanges, setExchanges] = useState<Exchange[]>([])
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const abort = useRef<AbortController | null>(null)
  const busy = exchanges.some((exchange) => !exchange.answer && !exchange.error)
  const change = (id: number, part: Partial<Exchange>) =>
    setExchanges((held) => held.map((exchange) => (exchange.id === id ? { ...exchange, ...part } : exchange)))
  const ask = async (question: string) => {
    const id = Date.now()
    setExchanges((held) => [...held, { id, question, answer: null, error: null }])
    abort.current = new AbortController()
    try {
      const { data } = await api.POST('/api/v1/law/assistants/{assistant_id}/ask', {
        signal: abort.current.signal,
        params: { path: { assistant_id: assistantId } },
        body: { question, historical: false },
      })
      if (!data) return
      change(id, { answer: data })
      const first = data.sources[0]
      setChosen(first ? { answerId: data.id, number: first.number } : null)
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === 'AbortError'
      if (stopped) setExchanges((held) => held.filter((exchange) => exchange.id !== id))
      else change(id, { error })
    }
  }
  const rated = (answer: Answer) =>
    setExchanges((held) =>
      held.map((exchange) => (exchange.answer?.id === answer.id ? { ...exchange, answer } : exchange)),
    )
  return { exchanges, chosen, setChosen, busy, ask, rated, stop: () => abort.current?.abort() }
}

function Greeting({ assistant, onAsk }: { assistant: Assistant; onAsk: (question: string) => void }) {
  const { t } = useTranslation('law')
  const examples = t('examples', { returnObjects: true }) as unknown as string[]
  return (
    <div className={styles.greeting}>
      <h2>{assistant.name}</h2>
      <p className="soft">{t('greeting', { laws: assistant.laws, articles: assistant.articles })}</p>
      <div className={styles.examples}>
        {examples.map((example) => (
          <button key={example} type="button" onClick={() => onAsk(example)}>
            {example}
          </button>
        ))}
      </div>
    </div>
  )
}

function Chat({ assistant }: { assistant: Assistant }) {
  const { t } = useTranslation('law')
  const { exchanges, chosen, setChosen, busy, ask, rated, stop } = useExchanges(assistant.id)
  const turns: Turn[] = exchanges.flatMap(({ id, question, answer, error }) => [
    { id: `${id}q`, role: 'user', content: question },
    {
      id: `${id}a`,
      role: 'assistant',
      busy: !answer && !error,
      selected: answer !== null && answer.id === chosen?.answerId,
      content: error ? (
        <ProblemView error={error} />
      ) : (
        answer && <AnswerText answer={answer} chosen={chosen} onChoose={setChosen} />
      ),
      foot: answer && <AnswerFoot answer={answer} onRated={rated} />,
    },
  ])
  const open = exchanges.find((exchange) => exchange.answer?.id === chosen?.answerId)?.answer ?? null
  return (
    <div className={styles.chat} data-open={open !== null && open.sources.length > 0}>
      <section className={styles.talk}>
        <Conversation
          turns={turns}
          greeting={<Greeting assistant={assistant} onAsk={(question) => void ask(question)} />}
        />
        <Composer
          placeholder={t('placeholder')}
          busy={busy}
          onSend={(text) => void ask(text)}
          onStop={stop}
          note={t('note')}
        />
      </section>
      {open && open.sources.length > 0 && <SourcePane answer={open} chosen={chosen} onChoose={setChosen} />}
    </div>
  )
}

export function Component() {
  const { t } = useTranslation('law')
  const { assistantId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/law/assistants/{assistant_id}', {
    params: { path: { assistant_id: assistantId } },
  })
  if (query.error) return <ProblemView page error={query.error} />
  const assistant = query.data
  if (!assistant) return <Loading />
  return (
    <Page
      fill
      title={assistant.name}
      crumbs={[{ label: t('title'), to: '/scenarios/law' }, { label: assistant.name }]}
      actions={<Link to={`/scenarios/law/${assistant.id}/answers`}>{t('answers.title')}</Link>}
    >
      {assistant.state !== 'ready' && (
        <Alert type="info" showIcon title={t(`state.${assistant.state}`, { defaultValue: assistant.state })} />
      )}
      <Chat key={assistant.id} assistant={assistant} />
    </Page>
  )
}
