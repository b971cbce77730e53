import { PlusOutlined, UploadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { App, Button, Form, Progress, Select, Upload } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { send } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Snippet } from '@/ui/Snippet'
import { Status, type Tone } from '@/ui/Status'

import { saveAs } from './csv'

interface Batch {
  id: string
  endpoint: string
  status: string
  created_at: number
  output_file_id: string | null
  error_file_id: string | null
  request_counts: { total: number; completed: number; failed: number }
  errors: { data: { line: number; code: string; message: string }[] } | null
  ceyuan: { job_id: string | null }
}

interface Values {
  endpoint: string
  file: { originFileObj?: File }[]
}

const ENDPOINTS = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/rerank', '/v1/images/generations']
const TONES: Record<string, Tone> = {
  completed: 'good',
  failed: 'bad',
  expired: 'warn',
  cancelled: 'neutral',
  cancelling: 'warn',
}
const OPEN = ['validating', 'in_progress', 'finalizing']

async function begin(organisation: string, values: Values): Promise<void> {
  const headers = { 'OpenAI-Organization': organisation }
  const form = new FormData()
  form.set('purpose', 'batch')
  const file = values.file[0]?.originFileObj
  if (file) form.set('file', file, file.name)
  const uploaded = (await (await send('/v1/files', { method: 'POST', headers, body: form })).json()) as { id: string }
  await send('/v1/batches', {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ input_file_id: uploaded.id, endpoint: values.endpoint, completion_window: '24h' }),
  })
}

function useColumns(headers: Record<string, string>, refetch: () => unknown): Column<Batch>[] {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const act = (work: Promise<unknown>) =>
    void work.catch((problem: unknown) => void message.error(asProblem(problem).detail))
  const cancel = async (id: string) => {
    await send(`/v1/batches/${id}/cancel`, { method: 'POST', headers })
    await refetch()
  }
  const fetchFile = async (id: string) => {
    const blob = await (await send(`/v1/files/${id}/content`, { headers })).blob()
    saveAs(`${id}.jsonl`, blob)
  }
  return [
    {
      title: t('calls.at'),
      render: (_, row) => (
        <div>
          <Time value={new Date(row.created_at * 1000).toISOString()} full />
          <div className="faint mono">{row.id}</div>
        </div>
      ),
    },
    { title: t('batches.endpoint'), render: (_, row) => <code>{row.endpoint}</code> },
    {
      title: t('field.state'),
      render: (_, row) => (
        <div>
          <Status value={row.status} tone={TONES[row.status] ?? 'active'} label={t(`batches.status.${row.status}`)} />
          {row.ceyuan.job_id && (
            <div>
              <Link to={`/jobs/${row.ceyuan.job_id}`}>{t('serve.job')}</Link>
            </div>
          )}
        </div>
      ),
    },
    { title: t('batches.progress'), width: 220, render: (_, row) => <Counts counts={row.request_counts} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          {(['output', 'error'] as const).map((kind) => {
            const id = row[`${kind}_file_id`]
            return (
              id && (
                <Button key={kind} size="small" onClick={() => act(fetchFile(id))}>
                  {t(kind === 'output' ? 'batches.output' : 'batches.errors')}
                </Button>
              )
            )
          })}
          {OPEN.includes(row.status) && (
            <Button size="small" danger onClick={() => act(cancel(row.id))}>
              {t('batches.cancel')}
            </Button>
          )}
        </span>
      ),
    },
  ]
}

function Counts({ counts }: { counts: Batch['request_counts'] }) {
  const { t } = useTranslation('gateway')
  const percent = Math.round(((counts.completed + counts.failed) / Math.max(counts.total, 1)) * 100)
  return (
    <>
      <Progress size="small" percent={percent} />
      <span className="faint">
        <Count value={counts.completed} /> / <Count value={counts.total} />
        {counts.failed > 0 && ` · ${t('callStatus.failed')} ${counts.failed}`}
      </span>
    </>
  )
}

interface NewBatchProps {
  organisation: string
  open: boolean
  onBegun: () => unknown
  onClose: () => void
}

function NewBatch({ organisation, open, onBegun, onClose }: NewBatchProps) {
  const { t } = useTranslation('gateway')
  return (
    <FormModal<Values>
      open={open}
      title={t('batches.new')}
      note={t('batches.note')}
      submit={t('batches.begin')}
      initial={{ endpoint: ENDPOINTS[0] ?? '', file: [] }}
      onSubmit={async (values) => {
        await begin(organisation, values)
        await onBegun()
      }}
      onClose={onClose}
    >
      <Form.Item name="endpoint" label={t('batches.endpoint')}>
        <Select options={ENDPOINTS.map((value) => ({ value, label: value }))} />
      </Form.Item>
      <Form.Item
        name="file"
        label={t('batches.file')}
        valuePropName="fileList"
        getValueFromEvent={(event: { fileList: Values['file'] }) => event.fileList.slice(-1)}
        rules={[{ required: true }]}
      >
        <Upload accept=".jsonl" maxCount={1} beforeUpload={() => false}>
          <Button icon={<UploadOutlined />}>{t('batches.choose')}</Button>
        </Upload>
      </Form.Item>
    </FormModal>
  )
}

function Batches({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('gateway')
  const [open, setOpen] = useState(false)
  const headers = { 'OpenAI-Organization': organisation.id }
  const query = useQuery({
    queryKey: ['batches', organisation.id],
    queryFn: async () => ((await (await send('/v1/batches?limit=50', { headers })).json()) as { data: Batch[] }).data,
    refetchInterval: 3000,
  })
  const columns = useColumns(headers, query.refetch)
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('batches.new')}
    </Button>
  )
  return (
    <>
      <DataTable
        label={t('batches.title')}
        query={{ ...query, data: query.data && { items: query.data } }}
        columns={columns}
        rowKey={(row) => row.id}
        extra={button}
        expand={(row) => (
          <ul>
            {(row.errors?.data ?? []).map((fault) => (
              <li key={`${fault.line}:${fault.code}`}>
                {t('batches.line', { line: fault.line })} <code>{fault.code}</code> {fault.message}
              </li>
            ))}
            {!row.errors && <li className="soft">{t('batches.fine')}</li>}
          </ul>
        )}
        empty={<EmptyState title={t('batches.none')} next={t('batches.next')} action={button} />}
      />
      <Snippet
        sources={[
          {
            label: 'Python',
            code: `file = client.files.create(file=open("requests.jsonl", "rb"), purpose="batch")\nbatch = client.batches.create(\n    input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"\n)`,
          },
          { label: 'CLI', code: 'ceyuan gateway batch requests.jsonl' },
        ]}
      />
      <NewBatch organisation={organisation.id} open={open} onBegun={query.refetch} onClose={() => setOpen(false)} />
    </>
  )
}

/** Files of requests that are worked off in the background. */
export function Component() {
  const { t } = useTranslation('gateway')
  return (
    <OrganisationFrame title={t('batches.title')} description={t('batches.description')}>
      {(organisation) => <Batches key={organisation.id} organisation={organisation} />}
    </OrganisationFrame>
  )
}
