import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api, send } from '@/api/client'
import type { Got, Posted } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { Count } from '@/ui/Figures'
import { Markdown } from '@/ui/Markdown'
import { Section } from '@/ui/Page'

import { ChatModel } from './ChatModel'
import type { Version } from './version'

type Rendered = Posted<'/api/v1/prompts/{prompt_id}/render'>
type Prompt = Got<'/api/v1/prompts/{prompt_id}'>

interface Values {
  variables?: Record<string, string | undefined>
  model?: string
}

interface Answer {
  choices: { message: { content: string | null } }[]
  usage?: { prompt_tokens: number; completion_tokens: number }
}

function given(values: Values): Record<string, string> {
  const entries = Object.entries(values.variables ?? {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => Boolean(entry[1])))
}

async function ask(prompt: Prompt, version: Version, values: Values): Promise<Answer> {
  const answer = await send('/v1/chat/completions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'OpenAI-Organization': prompt.org_id },
    body: JSON.stringify({
      ...(values.model ? { model: values.model } : {}),
      prompt_id: prompt.name,
      prompt_version: version.number,
      prompt_variables: given(values),
    }),
  })
  return (await answer.json()) as Answer
}

/** Fills a version with values, and asks a model with it. */
export function TryOut({ prompt, version }: { prompt: Prompt; version: Version }) {
  const { t } = useTranslation('prompts')
  const [form] = Form.useForm<Values>()
  const [rendered, setRendered] = useState<Rendered | null>(null)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState<'show' | 'ask' | null>(null)
  const work = async (kind: 'show' | 'ask') => {
    setBusy(kind)
    setError(null)
    try {
      const names = version.variables.map((variable) => ['variables', variable.name])
      await form.validateFields(kind === 'ask' ? [...names, 'model'] : names)
      const values = form.getFieldsValue()
      if (kind === 'ask') setAnswer(await ask(prompt, version, values))
      else {
        const { data } = await api.POST('/api/v1/prompts/{prompt_id}/render', {
          params: { path: { prompt_id: prompt.id } },
          body: { number: version.number, variables: given(values) },
        })
        setRendered(data ?? null)
      }
    } catch (problem) {
      if (!(typeof problem === 'object' && problem !== null && 'errorFields' in problem)) setError(problem)
    } finally {
      setBusy(null)
    }
  }
  const named = typeof version.parameters.model === 'string'
  return (
    <Form<Values> form={form} layout="vertical" style={{ maxWidth: 760 }}>
      {version.variables.map((variable) => (
        <Form.Item
          key={variable.name}
          name={['variables', variable.name]}
          label={<code>{variable.name}</code>}
          extra={variable.description || undefined}
          rules={[{ required: variable.default === null, message: t('mustBeGiven') }]}
        >
          <Input.TextArea autoSize={{ minRows: 1, maxRows: 10 }} placeholder={variable.default ?? ''} />
        </Form.Item>
      ))}
      <Form.Item name="model" label={t('model')} rules={[{ required: !named, message: t('needsModel') }]}>
        <ChatModel placeholder={named ? String(version.parameters.model) : undefined} />
      </Form.Item>
      <div className="row">
        <Button loading={busy === 'show'} onClick={() => void work('show')}>
          {t('showFilled')}
        </Button>
        <Button type="primary" loading={busy === 'ask'} disabled={prompt.archived} onClick={() => void work('ask')}>
          {t('ask')}
        </Button>
      </div>
      {error !== null && <ProblemView error={error} />}
      {rendered && (
        <Section title={t('filled')}>
          {rendered.messages.map((message, index) => (
            <div key={index}>
              <div className="faint">{t(`roles.${String(message.role)}`)}</div>
              <pre style={{ whiteSpace: 'pre-wrap' }}>
                {typeof message.content === 'string' ? message.content : JSON.stringify(message.content, null, 1)}
              </pre>
            </div>
          ))}
        </Section>
      )}
      {answer && (
        <Section title={t('answer')}>
          <Markdown text={answer.choices[0]?.message.content ?? ''} />
          {answer.usage && (
            <p className="faint">
              <Count value={answer.usage.prompt_tokens} /> + <Count value={answer.usage.completion_tokens} /> tokens
            </p>
          )}
        </Section>
      )}
    </Form>
  )
}
