import { ClearOutlined, PaperClipOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, InputNumber, Select, Slider, Switch, Tag, Upload } from 'antd'
import { useState } from 'react'
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

import { requestOf, saidSoFar, textOf, type Attachment, type ChatSettings } from './chat'
import styles from './Gateway.module.css'
import { snippetsOf } from './snippets'
import { useTalks, type Line } from './useTalks'

const MOST_MODELS = 4
const MOST_BYTES = 4_000_000

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

function Foot({ line }: { line: Line }) {
  const { t } = useTranslation('gateway')
  if (line.busy || line.ms === undefined) return null
  const tokens = line.progress?.usage?.completionTokens
  return (
    <>
      <span className="num">{(line.ms / 1000).toFixed(1)} s</span>
      {line.progress?.usage && (
        <span>
          <Count value={line.progress.usage.promptTokens} /> + <Count value={tokens} /> {t('tokensUnit')}
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

function turnsOf(lines: Line[]): Turn[] {
  return lines.map((line) => ({
    id: String(line.id),
    role: line.role === 'user' ? 'user' : 'assistant',
    busy: line.busy ?? false,
    content: line.error ? (
      <ProblemView error={line.error} />
    ) : line.role === 'user' ? (
      textOf(line.content)
    ) : (
      <Markdown text={textOf(line.content)} />
    ),
    foot: <Foot line={line} />,
  }))
}

interface SettingsProps {
  models: string[]
  onModels: (models: string[]) => void
  settings: Shared
  onChange: (settings: Shared) => void
}

type Shared = Omit<ChatSettings, 'model' | 'mode' | 'payer'>

function Settings({ models, onModels, settings, onChange }: SettingsProps) {
  const { t } = useTranslation('gateway')
  const talkers = useTalkers()
  const put = (part: Partial<Shared>) => onChange({ ...settings, ...part })
  return (
    <Form layout="vertical">
      <Form.Item label={t('field.models')} extra={t('playground.several', { count: MOST_MODELS })}>
        <Select
          mode="multiple"
          maxCount={MOST_MODELS}
          value={models}
          options={talkers.map(({ name, mode }) => ({ value: name, label: `${name} · ${t(`capability.${mode}`)}` }))}
          onChange={onModels}
        />
      </Form.Item>
      <Form.Item label={t('field.system')}>
        <Input.TextArea
          value={settings.system}
          autoSize={{ minRows: 2, maxRows: 10 }}
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
      <Form.Item label={`${t('field.topP')} ${settings.topP.toFixed(2)}`}>
        <Slider min={0.05} max={1} step={0.05} value={settings.topP} onChange={(topP: number) => put({ topP })} />
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
      <Form.Item label={t('field.seed')}>
        <InputNumber
          min={0}
          precision={0}
          value={settings.seed}
          onChange={(seed) => put({ seed })}
          style={{ width: '100%' }}
        />
      </Form.Item>
      <Form.Item label={t('field.stop')}>
        <Select mode="tags" open={false} value={settings.stop} onChange={(stop: string[]) => put({ stop })} />
      </Form.Item>
      <Form.Item label={t('field.json')}>
        <Switch checked={settings.json} onChange={(json) => put({ json })} />
      </Form.Item>
    </Form>
  )
}

function read(file: File, kind: Attachment['kind']): Promise<Attachment> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve({ name: file.name, kind, data: String(reader.result) })
    reader.onerror = () => reject(new Error(file.name))
    if (kind === 'image') reader.readAsDataURL(file)
    else reader.readAsText(file)
  })
}

function Attachments({ files, onChange }: { files: Attachment[]; onChange: (files: Attachment[]) => void }) {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const add = (file: File) => {
    if (file.size > MOST_BYTES) {
      void message.error(t('playground.tooLarge', { name: file.name }))
      return
    }
    const kind = file.type.startsWith('image/') ? 'image' : 'text'
    void read(file, kind).then((one) => onChange([...files, one]))
  }
  return (
    <div className="row">
      <Upload
        showUploadList={false}
        accept="image/*,text/*,.json,.jsonl,.csv,.md,.py"
        beforeUpload={(file) => {
          add(file)
          return false
        }}
      >
        <Button size="small" icon={<PaperClipOutlined />}>
          {t('playground.attach')}
        </Button>
      </Upload>
      {files.map((file, index) => (
        <Tag key={file.name} closable onClose={() => onChange(files.filter((_, other) => other !== index))}>
          {file.name}
        </Tag>
      ))}
    </div>
  )
}

/** Talks to served models, several side by side, with the browser's own session; metered like any other call. */
export function Component() {
  const { t } = useTranslation('gateway')
  const [params] = useSearchParams()
  const { proposed } = useWorkplaces('viewer')
  const talkers = useTalkers()
  const [chosen, setChosen] = useState<string[]>(params.getAll('model'))
  const [files, setFiles] = useState<Attachment[]>([])
  const [shared, setShared] = useState<Shared>({
    temperature: 0.7,
    topP: 1,
    maxTokens: 512,
    seed: null,
    stop: [],
    json: false,
    system: '',
  })
  const named = talkers.filter(({ name }) => chosen.includes(name))
  const models = named.length > 0 ? named : talkers.slice(0, 1)
  const all = models.map(({ name, mode }): ChatSettings => ({
    ...shared,
    model: name,
    mode,
    payer: proposed?.id ?? null,
  }))
  const { talks, ask, stop, clear, busy, empty } = useTalks()
  const first = all[0]
  const said = saidSoFar((first && talks[first.model]) ?? [])
  const code = first && requestOf(first, said.length > 0 ? said : [{ role: 'user', content: '你好' }])
  return (
    <Page
      fill
      title={t('playground.title')}
      description={t('playground.description')}
      actions={
        <Button icon={<ClearOutlined />} disabled={empty} onClick={clear}>
          {t('playground.clear')}
        </Button>
      }
    >
      <div className={styles.playground}>
        <section className={styles.talk}>
          <div className={styles.columns} data-count={all.length}>
            {all.length === 0 && <EmptyState title={t('playground.greeting')} next={t('playground.noModel')} />}
            {all.map(({ model }) => (
              <div key={model} className={styles.column}>
                {all.length > 1 && <h2 className={styles.columnTitle}>{model}</h2>}
                <Conversation
                  turns={turnsOf(talks[model] ?? [])}
                  greeting={<EmptyState title={t('playground.greeting')} next={t('playground.next')} />}
                />
              </div>
            ))}
          </div>
          <Attachments files={files} onChange={setFiles} />
          <Composer
            placeholder={t('playground.placeholder')}
            busy={busy}
            onSend={(text) => {
              setFiles([])
              void ask(all, text, files)
            }}
            onStop={stop}
            note={`${t('playground.note')} ${proposed ? t('playground.payer', { name: proposed.label }) : ''}`}
          />
        </section>
        <aside className={styles.settings}>
          <Section title={t('playground.settings')}>
            <Settings
              models={models.map(({ name }) => name)}
              onModels={setChosen}
              settings={shared}
              onChange={setShared}
            />
          </Section>
          {code && <Snippet sources={snippetsOf(location.origin, code.path, code.body)} />}
        </aside>
      </div>
    </Page>
  )
}
