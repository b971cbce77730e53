import { App, Button, Form, Input, Popconfirm, Select, Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got } from '@/api/types'
import { holds, useSession } from '@/app/session'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { SideBySide } from '@/ui/SideBySide'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { TryOut } from './TryOut'
import { VersionFields } from './VersionFields'
import { asText, valuesOf, versionOf, type Version, type VersionValues } from './version'

const PROMPT = '/api/v1/prompts/{prompt_id}'

type Prompt = Got<typeof PROMPT>

interface ChangeProps {
  prompt: Prompt
  from: Version
  open: boolean
  onAdded: (number: number) => unknown
  onClose: () => void
}

function NextVersion({ prompt, from, open, onAdded, onClose }: ChangeProps) {
  const { t } = useTranslation('prompts')
  const add = async (values: VersionValues) => {
    const { data } = await api.POST('/api/v1/prompts/{prompt_id}/versions', {
      params: { path: { prompt_id: prompt.id } },
      body: versionOf(values, from),
    })
    if (data) await onAdded(data.number)
  }
  return (
    <FormModal<VersionValues>
      key={from.number}
      open={open}
      width={720}
      title={t('nextVersion')}
      note={t('nextNote', { number: from.number })}
      submit={t('save')}
      initial={valuesOf(from)}
      onSubmit={add}
      onClose={onClose}
    >
      <VersionFields />
      <Form.Item name="note" label={t('note')}>
        <Input maxLength={500} />
      </Form.Item>
    </FormModal>
  )
}

function useDeeds(prompt: Prompt | undefined, refetch: () => unknown) {
  const { t } = useTranslation('prompts')
  const { message } = App.useApp()
  const act = async (work: Promise<unknown>, done: string) => {
    try {
      await work
      await refetch()
      void message.success(done)
    } catch (problem) {
      void message.error(asProblem(problem).detail || asProblem(problem).title)
    }
  }
  const params = { path: { prompt_id: prompt?.id ?? '' } }
  return {
    publish: (number: number) =>
      act(api.PUT('/api/v1/prompts/{prompt_id}/production', { params, body: { number } }), t('published', { number })),
    archive: (archived: boolean) =>
      act(api.PATCH(PROMPT, { params, body: { archived } }), t(archived ? 'archivedNow' : 'takenBack')),
  }
}

function Comparison({ versions, shown }: { versions: Version[]; shown: Version }) {
  const { t } = useTranslation('prompts')
  const others = versions.filter((version) => version.number !== shown.number)
  const [chosen, setChosen] = useState<number | null>(null)
  const other =
    others.find(({ number }) => number === chosen) ?? others.find(({ number }) => number < shown.number) ?? others[0]
  if (!other) return <p className="soft">{t('onlyOne')}</p>
  return (
    <>
      <Select
        aria-label={t('compareWith')}
        value={other.number}
        style={{ width: 180, marginBottom: 12 }}
        options={others.map(({ number }) => ({ value: number, label: t('versionOf', { number }) }))}
        onChange={setChosen}
      />
      <SideBySide
        before={asText(other)}
        after={asText(shown)}
        beforeLabel={t('versionOf', { number: other.number })}
        afterLabel={t('versionOf', { number: shown.number })}
      />
    </>
  )
}

function snippets(prompt: Prompt, shown: Version) {
  const given = Object.fromEntries(
    shown.variables.filter((variable) => variable.default === null).map(({ name }) => [name, '…']),
  )
  const body = { prompt_id: prompt.name, prompt_variables: given }
  const model = (shown.parameters.model as string | undefined) ?? '<model>'
  return [
    {
      label: 'Python',
      code: `client.chat.completions.create(\n    model="${model}",\n    messages=[],\n    extra_body=${JSON.stringify(body)},\n)`,
    },
    {
      label: 'curl',
      code: `curl ${location.origin}/v1/chat/completions -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  -d '${JSON.stringify({ model, ...body })}'`,
    },
    {
      label: 'CLI',
      code: `ceyuan prompts render ${prompt.name} ${Object.keys(given)
        .map((name) => `--var ${name}=…`)
        .join(' ')}`,
    },
  ]
}

/** One template: what its versions say, how they differ, which one answers, and trying it. */
export function Component() {
  const { t } = useTranslation('prompts')
  const { promptId = '' } = useParams()
  const session = useSession()
  const params = { path: { prompt_id: promptId } }
  const query = $api.useQuery('get', PROMPT, { params })
  const versions = $api.useQuery('get', '/api/v1/prompts/{prompt_id}/versions', { params })
  const [number, setNumber] = useState<number | null>(null)
  const [open, setOpen] = useState(false)
  const refetch = () => Promise.all([query.refetch(), versions.refetch()])
  const deeds = useDeeds(query.data, refetch)
  const error: unknown = query.error ?? versions.error
  if (error) return <ProblemView page error={error} />
  const prompt = query.data
  const shown = versions.data?.find((version) => version.number === (number ?? prompt?.newest))
  if (!prompt || !shown || !versions.data) return <Loading />
  const [writes, decides] = (['member', 'maintainer'] as const).map((role) => holds(session, prompt.org_id, role))
  return (
    <Page
      title={prompt.title}
      crumbs={[{ label: t('title'), to: '/models/prompts' }, { label: prompt.name }]}
      badges={
        prompt.archived ? (
          <Status value="archived" tone="neutral" label={t('archived')} />
        ) : prompt.production === null ? (
          <Status value="draft" tone="warn" label={t('unpublished')} />
        ) : (
          <Status value="live" tone="good" label={t('versionOf', { number: prompt.production })} />
        )
      }
      actions={
        <>
          {decides && (
            <Popconfirm
              title={t(prompt.archived ? 'takeBackSure' : 'archiveSure')}
              onConfirm={() => void deeds.archive(!prompt.archived)}
            >
              <Button>{t(prompt.archived ? 'takeBack' : 'toArchive')}</Button>
            </Popconfirm>
          )}
          {writes && <Button onClick={() => setOpen(true)}>{t('nextVersion')}</Button>}
          {decides && prompt.production !== shown.number && (
            <Popconfirm
              title={t('publishSure', { number: shown.number })}
              onConfirm={() => void deeds.publish(shown.number)}
            >
              <Button type="primary">{t('publish', { number: shown.number })}</Button>
            </Popconfirm>
          )}
        </>
      }
    >
      <Section>
        <div className="row" style={{ marginBottom: 12 }}>
          <Select
            aria-label={t('version')}
            value={shown.number}
            style={{ minWidth: 260 }}
            options={versions.data.map((version) => ({
              value: version.number,
              label: `${t('versionOf', { number: version.number })}${version.note && ` · ${version.note}`}`,
            }))}
            onChange={setNumber}
          />
          <span className="faint">
            <Time value={shown.created_at} full />
          </span>
        </div>
        <Tabs
          items={[
            {
              key: 'text',
              label: t('text'),
              children: (
                <>
                  {shown.messages.map((message, index) => (
                    <Section key={index} title={t(`roles.${String(message.role)}`)}>
                      <pre style={{ whiteSpace: 'pre-wrap' }}>
                        {typeof message.content === 'string'
                          ? message.content
                          : JSON.stringify(message.content, null, 1)}
                      </pre>
                    </Section>
                  ))}
                  <Facts
                    columns={2}
                    facts={[
                      ...shown.variables.map((variable) => ({
                        label: <code>{variable.name}</code>,
                        value: variable.default ?? <span className="soft">{t('mustBeGiven')}</span>,
                      })),
                      ...Object.entries(shown.parameters).map(([label, value]) => ({
                        label,
                        value: <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>,
                      })),
                    ]}
                  />
                </>
              ),
            },
            { key: 'try', label: t('try'), children: <TryOut key={shown.number} prompt={prompt} version={shown} /> },
            { key: 'compare', label: t('compare'), children: <Comparison versions={versions.data} shown={shown} /> },
          ]}
        />
      </Section>
      <Snippet sources={snippets(prompt, shown)} />
      <NextVersion
        prompt={prompt}
        from={shown}
        open={open}
        onClose={() => setOpen(false)}
        onAdded={async (added) => {
          await refetch()
          setNumber(added)
        }}
      />
    </Page>
  )
}
