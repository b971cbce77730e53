import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, InputNumber, Popconfirm, Radio, Select, Switch, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { shortHash } from '@/lib/format'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Bytes } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status, type Tone } from '@/ui/Status'

type Served = Item<'/api/v1/models/served'>

const CAPABILITIES = ['chat', 'completions', 'embeddings', 'rerank', 'images', 'speech', 'transcriptions'] as const
const ENGINE: ReadonlySet<string> = new Set(['chat', 'completions', 'embeddings'])

interface Values {
  way: 'file' | 'upstream'
  name: string
  title?: string
  file?: string
  base_url?: string
  key?: string
  upstream_model?: string
  outside?: boolean
  price?: number
  capabilities: (typeof CAPABILITIES)[number][]
  accept_licence?: boolean
}

const TONES: Record<string, Tone> = { ready: 'good', preparing: 'active', failed: 'bad', disabled: 'neutral' }

function Fields() {
  const { t } = useTranslation('gateway')
  const way = Form.useWatch<Values['way']>('way')
  const { data: files } = $api.useQuery('get', '/api/v1/models/files')
  return (
    <>
      <Form.Item name="way" label={t('serve.way')}>
        <Radio.Group
          optionType="button"
          options={(['file', 'upstream'] as const).map((value) => ({ value, label: t(`serve.${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="name" label={t('serve.name')} extra={t('serve.nameNote')} rules={[{ required: true }]}>
        <Input maxLength={200} />
      </Form.Item>
      {way === 'upstream' ? (
        <>
          <Form.Item name="base_url" label={t('serve.address')} rules={[{ required: true }]}>
            <Input placeholder="http://127.0.0.1:8000/v1" />
          </Form.Item>
          <Form.Item name="key" label={t('serve.key')} extra={t('serve.keyNote')}>
            <Input.Password autoComplete="off" />
          </Form.Item>
          <Form.Item name="upstream_model" label={t('serve.upstreamModel')}>
            <Input />
          </Form.Item>
          <Form.Item name="outside" label={t('serve.outside')} extra={t('serve.outsideNote')} valuePropName="checked">
            <Switch />
          </Form.Item>
          <Form.Item name="price" label={t('serve.price')} extra={t('serve.priceNote')}>
            <InputNumber min={0} max={1e9} style={{ width: '100%' }} />
          </Form.Item>
        </>
      ) : (
        <>
          <Form.Item name="file" label={t('serve.modelFile')} rules={[{ required: true }]}>
            <Select
              options={(files ?? []).map((file) => ({
                value: `known:${file.name}`,
                label: (
                  <>
                    {file.name} · <Bytes value={file.size} /> · {file.licence}
                    {file.cached ? ` · ${t('serve.cached')}` : ''}
                  </>
                ),
              }))}
            />
          </Form.Item>
          <Form.Item name="accept_licence" label={t('serve.licence')} valuePropName="checked">
            <Switch />
          </Form.Item>
        </>
      )}
      <Form.Item name="capabilities" label={t('serve.capabilities')} rules={[{ required: true }]}>
        <Select
          mode="multiple"
          options={CAPABILITIES.filter((value) => way === 'upstream' || ENGINE.has(value)).map((value) => ({
            value,
            label: t(`capability.${value}`),
          }))}
        />
      </Form.Item>
    </>
  )
}

/** Where a model comes from; a revision's hash is shortened for the eye. */
function Origin({ text }: { text: string }) {
  return <code title={text}>{text.replace(/(?<=@)[0-9a-f]{40}/, (hash) => shortHash(hash))}</code>
}

async function serve(values: Values): Promise<void> {
  let upstream: string | null = null
  if (values.way === 'upstream') {
    const { data } = await api.POST('/api/v1/models/upstreams', {
      body: {
        name: values.name,
        base_url: values.base_url ?? '',
        key: values.key || null,
        headers: {},
        stream_usage: true,
        outside: values.outside ?? false,
        price: values.price ?? 0,
      },
    })
    upstream = data?.id ?? null
  }
  await api.POST('/api/v1/models/served', {
    body: {
      name: values.name,
      title: values.title ?? '',
      upstream,
      upstream_model: values.upstream_model ?? '',
      file: values.way === 'file' ? (values.file ?? null) : null,
      engine: {},
      capabilities: values.capabilities,
      price_model: '',
      max_concurrency: 0,
      keep_warm: false,
      accept_licence: values.accept_licence ?? false,
    },
  })
}

function useColumns(operator: boolean, refetch: () => void): Column<Served>[] {
  const { t } = useTranslation('gateway')
  const { t: common } = useTranslation()
  const { message } = App.useApp()
  const act = (work: Promise<unknown>) =>
    void work.then(refetch).catch((problem: unknown) => void message.error(asProblem(problem).detail))
  const init = (row: Served) => ({ params: { path: { served_id: row.id } } })
  return [
    {
      title: t('field.model'),
      render: (_, row) => (
        <div>
          <strong>{row.name}</strong>
          <div className="faint">{row.title !== row.name && row.title}</div>
        </div>
      ),
    },
    {
      title: t('field.state'),
      render: (_, row) => (
        <div>
          <Status
            value={row.state}
            tone={TONES[row.state] ?? 'neutral'}
            label={t(`state.${row.state}`, { defaultValue: row.state })}
          />
          {!row.released && <Tag color="gold">{t('served.candidate')}</Tag>}
          {row.fault && <div style={{ color: 'var(--cy-cinnabar)' }}>{row.fault}</div>}
          {row.job_id && row.state !== 'ready' && <Link to={`/jobs/${row.job_id}`}>{t('serve.job')}</Link>}
        </div>
      ),
    },
    {
      title: t('serve.capabilities'),
      render: (_, row) =>
        row.capabilities.map((name) => (
          <Tag key={name} variant="filled">
            {t(`capability.${name}`, { defaultValue: name })}
          </Tag>
        )),
    },
    { title: t('serve.from'), render: (_, row) => <Origin text={row.file ?? row.upstream_model} /> },
    { title: t('serve.licenceName'), render: (_, row) => row.licence ?? '—' },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end', flexWrap: 'nowrap' }}>
          {row.state === 'ready' && row.capabilities.includes('chat') && (
            <Link to={`/models/playground?model=${encodeURIComponent(row.name)}`}>{t('serve.try')}</Link>
          )}
          {operator && row.state === 'failed' && (
            <Button size="small" onClick={() => act(api.POST('/api/v1/models/served/{served_id}/prepare', init(row)))}>
              {common('retry')}
            </Button>
          )}
          {operator && (
            <Popconfirm
              title={t('serve.removeAsk', { name: row.name })}
              onConfirm={() => act(api.DELETE('/api/v1/models/served/{served_id}', init(row)))}
            >
              <Button size="small" danger>
                {t('serve.remove')}
              </Button>
            </Popconfirm>
          )}
        </span>
      ),
    },
  ]
}

export function Component() {
  const { t } = useTranslation('gateway')
  const session = useSession()
  const operator = serves(session, 'operator')
  const list = useListState(['search', 'state'])
  const [open, setOpen] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/models/served',
    {
      params: {
        query: { search: list.filters.search, state: list.filters.state, cursor: list.cursor ?? undefined, limit: 30 },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 8000 },
  )
  const columns = useColumns(operator, () => void query.refetch())
  const button = operator && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('serve.title')}
    </Button>
  )
  return (
    <Page title={t('served.title')} description={t('served.description')} actions={button}>
      <DataTable
        label={t('served.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'search', label: t('field.model') },
          {
            name: 'state',
            label: t('field.state'),
            options: Object.keys(TONES).map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        empty={<EmptyState title={t('served.none')} next={t('served.next')} action={button} />}
      />
      <Snippet
        sources={[
          { label: 'CLI', code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" ${location.origin}/v1/models` },
          {
            label: 'OpenAI',
            code: `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="cyk_…")\nprint([model.id for model in client.models.list()])`,
          },
        ]}
      />
      <FormModal<Values>
        open={open}
        title={t('serve.title')}
        submit={t('serve.title')}
        initial={{ way: 'file', capabilities: ['chat', 'completions'] }}
        onSubmit={async (values) => {
          await serve(values)
          await query.refetch()
        }}
        onClose={() => setOpen(false)}
      >
        <Fields />
      </FormModal>
    </Page>
  )
}
