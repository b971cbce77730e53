import { ClearOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select, Slider } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count } from '@/ui/Figures'
import { Markdown } from '@/ui/Markdown'
import { Page, Section } from '@/ui/Page'
import { useWorkplaces } from '@/ui/OrganisationField'
import { Snippet } from '@/ui/Snippet'
import { Composer } from '@/ui/chat/Composer'
import { Conversation, type Turn } from '@/ui/chat/Conversation'

import { streamChat, type ChatMessage, type ChatProgress, type ChatSettings } from './chat'
import styles from './Gateway.module.css'

interface Line extends ChatMessage {
  id: number
  progress?: ChatProgress
  error?: unknown
  busy?: boolean
  ms?: number
}

/** Models that can be talked to, those that know turns first; base models continue a text. */
function useTalkers() {
  const { data } = $api.useQuery('get', '/api/v1/models/served', { params: { query: { state: 'ready', limit: 100 } } })
  return (data?.items ?? [])
    .filter((row) => row.capabilities.some((name) => name === 'chat' || name === 'completions'))
    .map((row) => ({
      name: row.name,
      mode: row.capabilities.includes('chat') ? ('chat' as const) : ('completions' as const),
    }))
    .sort((a, b) => a.mode.localeCompare(b.mode))
}

function useChat(settings: ChatSettings) {
  const [lines, setLines] = useState<Line[]>([])
  const abort = useRef<AbortController | null>(null)
  const change = (id: number, part: Partial<Line>) =>
    setLines((held) => held.map((line) => (line.id === id ? { ...line, ...part } : line)))
  const ask = async (text: string) => {
    const id = Date.now()
    const question: Line = { id, role: 'user', content: text }
    const history = [...lines.filter((line) => !line.error && line.content), question].map(({ role, content }) => ({
      role,
      content,
    }))
    setLines((held) => [...held, question, { id: id + 1, role: 'assistant', content: '', busy: true }])
    abort.current = new AbortController()
    const started = performance.now()
    try {
      const end = await streamChat(settings, history, abort.current.signal, (progress) =>
        change(id + 1, { content: progress.text, progress }),
      )
      change(id + 1, { content: end.text, progress: end, busy: false, ms: performance.now() - started })
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === 'AbortError'
      change(id + 1, { busy: false, error: stopped ? undefined : error, ms: performance.now() - started })
    }
  }
  return {
    lines,
    ask,
    stop: () => abort.current?.abort(),
    clear: () => setLines([]),
    busy: lines.some((line) => line.busy),
  }
}

function Foot({ line }: { line: Line }) {
  const { t } = useTranslation('gateway')
  if (line.busy || line.ms === undefined) return null
  const tokens = line.progress?.usage?.completionTokens
  return (
    <>
      <span className="num">{(line.ms / 1000).toFixed(1)} s</span>
      {line.progress?.usage && (
        <span>
          <Count value={line.progress.usage.promptTokens} /> + <Count value={tokens} /> {t('tokens')}
        </span>
      )}
      {tokens !== undefined && (
        <span className="num">
          {(tokens / (line.ms / 1000)).toFixed(1)} {t('tokensPerSecond')}
        </span>
      )}
      {line.progress?.finish && (
        <span>{t(`finish.${line.progress.finish}`, { defaultValue: line.progress.finish })}</span>
      )}
    </>
  )
}

function Settings({ settings, onChange }: { settings: ChatSettings; onChange: (settings: ChatSettings) => void }) {
  const { t } = useTranslation('gateway')
  const talkers = useTalkers()
  const put = (part: Partial<ChatSettings>) => onChange({ ...settings, ...part })
  return (
    <Form layout="vertical">
      <Form.Item label={t('field.model')}>
        <Select
          value={settings.model || undefined}
          options={talkers.map(({ name, mode }) => ({ value: name, label: `${name} · ${t(`capability.${mode}`)}` }))}
          onChange={(model: string) => put({ model })}
        />
      </Form.Item>
      <Form.Item label={t('field.system')}>
        <Input.TextArea
          value={settings.system}
          autoSize={{ minRows: 3, maxRows: 10 }}
          onChange={(event) => put({ system: event.target.value })}
        />
      </Form.Item>
      <Form.Item label={`${t('field.temperature')} ${settings.temperature.toFixed(1)}`}>
        <Slider
          min={0}
          max={2}
          step={0.1}
          value={settings.temperature}
          onChange={(temperature: number) => put({ temperature })}
        />
      </Form.Item>
      <Form.Item label={t('field.maxTokens')}>
        <InputNumber
          min={1}
          max={32_768}
          value={settings.maxTokens}
          onChange={(maxTokens) => put({ maxTokens: maxTokens ?? 256 })}
          style={{ width: '100%' }}
        />
      </Form.Item>
    </Form>
  )
}

function snippets(settings: ChatSettings) {
  const { model, temperature, maxTokens } = settings
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: '你好' }],
    temperature,
    max_tokens: maxTokens,
  })
  return [
    {
      label: 'Python',
      code: `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="cyk_…")\nanswer = client.chat.completions.create(\n    model="${model}",\n    messages=[{"role": "user", "content": "你好"}],\n    temperature=${temperature},\n    max_tokens=${maxTokens},\n)`,
    },
    {
      label: 'curl',
      code: `curl ${location.origin}/v1/chat/completions \\\n  -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '${body}'`,
    },
  ]
}

/** Talks to a served model with the browser's own session; the call is metered like any other. */
export function Component() {
  const { t } = useTranslation('gateway')
  const [params] = useSearchParams()
  const { proposed } = useWorkplaces('viewer')
  const talkers = useTalkers()
  const [chosen, setChosen] = useState<ChatSettings>({
    model: params.get('model') ?? '',
    mode: 'chat',
    payer: null,
    temperature: 0.7,
    maxTokens: 512,
    system: '',
  })
  const talker = talkers.find(({ name }) => name === chosen.model) ?? talkers[0]
  const settings: ChatSettings = {
    ...chosen,
    model: talker?.name ?? '',
    mode: talker?.mode ?? 'chat',
    payer: proposed?.id ?? null,
  }
  const { lines, ask, stop, clear, busy } = useChat(settings)
  const turns: Turn[] = lines.map((line) => ({
    id: String(line.id),
    role: line.role === 'user' ? 'user' : 'assistant',
    busy: line.busy ?? false,
    content: line.error ? (
      <ProblemView error={line.error} />
    ) : line.role === 'user' ? (
      line.content
    ) : (
      <Markdown text={line.content} />
    ),
    foot: <Foot line={line} />,
  }))
  return (
    <Page
      fill
      title={t('playground.title')}
      description={t('playground.description')}
      actions={
        <Button icon={<ClearOutlined />} disabled={lines.length === 0} onClick={clear}>
          {t('playground.clear')}
        </Button>
      }
    >
      <div className={styles.playground}>
        <section className={styles.talk}>
          <Conversation
            turns={turns}
            greeting={
              <EmptyState
                title={t('playground.greeting')}
                next={t(talkers.length === 0 ? 'playground.noModel' : 'playground.next')}
              />
            }
          />
          <Composer
            placeholder={t('playground.placeholder')}
            busy={busy}
            onSend={(text) => void ask(text)}
            onStop={stop}
            note={`${t('playground.note')} ${proposed ? t('playground.payer', { name: proposed.label }) : ''}`}
          />
        </section>
        <aside className={styles.settings}>
          <Section title={t('playground.settings')}>
            <Settings settings={settings} onChange={setChosen} />
          </Section>
          <Snippet sources={snippets(settings)} />
        </aside>
      </div>
    </Page>
  )
}
