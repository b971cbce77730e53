import { PlusOutlined } from '@ant-design/icons'
import { Alert, Button, Form, Input, InputNumber, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Duration, Money, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

type Task = Item<'/api/v1/compute/tasks'>

const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled']
const QUEUE = { pools: [] as string[], priority: 0, interruptible: false }
const EXAMPLE = `name: hello
command: echo hello
resources: {cpus: 1, memory_gib: 1}
time_limit_s: 600`

interface Values {
  org_id: string
  name: string
  command: string
  cpus: number
  memory_gib: number
  minutes: number
  retries: number
  network: boolean
  budget_micro?: number | null
  pools: string[]
  priority: number
  interruptible: boolean
}

/** Says so where tasks are not kept from the platform's files. */
export function IsolationNote() {
  const { t } = useTranslation('tasks')
  const { data } = $api.useQuery('get', '/api/v1/compute/tasks/place', {}, { staleTime: Infinity })
  if (!data || data.isolated) return null
  return <Alert type="warning" showIcon title={t('notIsolated')} />
}

function NewTask({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('tasks')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const { data: pools } = $api.useQuery('get', '/api/v1/compute/executor-pools', {}, { enabled: open })
  const start = async (values: Values) => {
    const { data } = await api.POST('/api/v1/compute/tasks', {
      body: {
        org_id: values.org_id,
        task: {
          name: values.name,
          command: values.command,
          resources: {
            cpus: values.cpus,
            memory_gib: values.memory_gib,
            accelerator: 'cpu',
            accelerators: 0,
            nodes: 1,
          },
          alternatives: [],
          environment: {},
          inputs: {},
          outputs: {},
          network: values.network,
          time_limit_s: values.minutes * 60,
          retries: values.retries,
          budget_micro: values.budget_micro ?? null,
          pools: values.pools,
          regions: [],
          priority: values.priority,
          interruptible: values.interruptible,
          notice_s: 30,
          gang_timeout_s: 600,
        },
      },
    })
    if (data) void navigate(`/compute/tasks/${data.id}`)
  }
  const wide = { width: '100%' }
  return (
    <FormModal<Values>
      open={open}
      width={640}
      title={t('new')}
      submit={t('run')}
      initial={{
        org_id: proposed?.id ?? '',
        cpus: 1,
        memory_gib: 1,
        minutes: 60,
        retries: 0,
        network: false,
        ...QUEUE,
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="name" label={t('name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={120} />
      </Form.Item>
      <Form.Item name="command" label={t('command')} extra={t('commandNote')} rules={[{ required: true }]}>
        <Input.TextArea className="mono" maxLength={20_000} autoSize={{ minRows: 4 }} />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="cpus" label={t('cpus')} rules={[{ required: true }]}>
          <InputNumber min={1} max={4096} precision={0} style={wide} />
        </Form.Item>
        <Form.Item name="memory_gib" label={t('memory')} rules={[{ required: true }]}>
          <InputNumber min={0.1} suffix="GiB" style={wide} />
        </Form.Item>
        <Form.Item name="minutes" label={t('limit')} rules={[{ required: true }]}>
          <InputNumber min={0.1} suffix="min" style={wide} />
        </Form.Item>
        <Form.Item name="retries" label={t('retries')}>
          <InputNumber min={0} max={10} precision={0} style={wide} />
        </Form.Item>
        <Form.Item name="budget_micro" label={t('budget')}>
          <MoneyInput />
        </Form.Item>
        <Form.Item name="pools" label={t('pools.allowed')} extra={t('pools.allowedNote')}>
          <Select
            mode="multiple"
            allowClear
            options={(pools?.items ?? []).map((pool) => ({ value: pool.name, label: pool.name }))}
          />
        </Form.Item>
        <Form.Item name="priority" label={t('priority')} extra={t('priorityNote')}>
          <InputNumber min={-100} max={100} precision={0} style={wide} />
        </Form.Item>
        <Form.Item name="interruptible" label={t('interruptible')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="network" label={t('network')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('tasks')
  const { organisation } = usePreferences()
  const list = useListState(['state'])
  const [starting, setStarting] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/tasks',
    {
      params: {
        query: {
          state: list.filters.state,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 5000 },
  )
  const columns: Column<Task>[] = [
    { title: t('name'), sort: 'name', render: (_, row) => <Link to={`/compute/tasks/${row.id}`}>{row.name}</Link> },
    { title: t('state'), render: (_, row) => <Status value={row.closing ? 'cancelling' : row.state} /> },
    { title: t('pools.pool'), render: (_, row) => row.pool || <span className="faint">—</span> },
    { title: t('seconds'), align: 'right', render: (_, row) => <Duration seconds={row.seconds} /> },
    {
      title: t('cost'),
      sort: 'cost_micro',
      align: 'right',
      render: (_, row) => <Money micro={row.cost_so_far_micro} />,
    },
    { title: t('created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setStarting(true)}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      <IsolationNote />
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('state'),
            options: STATES.map((value) => ({ value, label: <Status value={value} /> })),
          },
        ]}
        empty={
          <EmptyState title={t('none')} next={t('next')} action={button}>
            <Snippet
              sources={[
                { label: 'YAML', code: EXAMPLE },
                { label: 'CLI', code: `ceyuan task run hello.yaml --org ${organisation ?? 'ORG'} --follow` },
              ]}
            />
          </EmptyState>
        }
      />
      <NewTask open={starting} onClose={() => setStarting(false)} />
    </Page>
  )
}
