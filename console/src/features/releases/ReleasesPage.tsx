import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { RevisionLink } from '@/ui/RevisionLink'
import { Status, type Tone } from '@/ui/Status'

import { GateMarks } from './Gates'

type Release = Item<'/api/v1/releases'>

interface Values {
  model: string
  served?: string
  max_perplexity?: number
  min_accuracy?: number
  note?: string
}

const STATES: Record<string, Tone> = {
  candidate: 'active',
  released: 'good',
  rejected: 'bad',
  objected: 'active',
  final: 'bad',
  withdrawn: 'neutral',
}

export function ReleaseState({ state }: { state: string }) {
  const { t } = useTranslation('releases')
  return <Status value={state} tone={STATES[state] ?? 'neutral'} label={t(`state.${state}`, { defaultValue: state })} />
}

function NewRelease({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('releases')
  const navigate = useNavigate()
  const start = async ({ model, served, max_perplexity, min_accuracy, note }: Values) => {
    const { data } = await api.POST('/api/v1/releases', {
      body: {
        model,
        served: served || null,
        criteria: {
          max_perplexity: max_perplexity ?? null,
          min_accuracy: min_accuracy === undefined ? null : min_accuracy / 100,
        },
        note: note ?? '',
      },
    })
    if (data) void navigate(`/models/releases/${data.id}`)
  }
  return (
    <FormModal<Values> open={open} title={t('new.title')} submit={t('new.submit')} onSubmit={start} onClose={onClose}>
      <Form.Item name="model" label={t('new.model')} rules={[{ required: true }]}>
        <ReferenceInput kind="model" />
      </Form.Item>
      <Form.Item name="served" label={t('new.served')} extra={t('new.servedNote')}>
        <Input maxLength={200} />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="max_perplexity" label={t('new.perplexity')}>
          <InputNumber min={1} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="min_accuracy" label={t('new.accuracy')}>
          <InputNumber min={0} max={100} suffix="%" style={{ width: '100%' }} />
        </Form.Item>
      </div>
      <Form.Item name="note" label={t('new.note')}>
        <Input.TextArea maxLength={1000} autoSize={{ minRows: 2 }} />
      </Form.Item>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('releases')
  const list = useListState(['state'])
  const [creating, setCreating] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/releases',
    {
      params: {
        query: { state: list.filters.state, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 25 },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Release>[] = [
    {
      title: t('column.model'),
      render: (_, row) => (
        <div>
          <Link to={`/models/releases/${row.id}`}>{row.served ?? row.model}</Link>
          <div>
            <RevisionLink reference={row.model} />
          </div>
        </div>
      ),
    },
    { title: t('column.state'), sort: 'state', render: (_, row) => <ReleaseState state={row.state} /> },
    { title: t('column.gates'), render: (_, row) => <GateMarks gates={row.gates} /> },
    { title: t('column.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
    { title: t('column.decided'), render: (_, row) => <Time value={row.decided_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {t('new.title')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('column.state'),
            options: Object.keys(STATES).map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        empty={<EmptyState title={t('empty.title')} next={t('empty.next')} action={button} />}
      />
      <NewRelease open={creating} onClose={() => setCreating(false)} />
    </Page>
  )
}
