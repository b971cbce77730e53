import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select, Table, type FormInstance } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { HealthMark, PoolState } from './poolMarks'
import { useRegions } from './words'

type Pool = Item<'/api/v1/compute/executor-pools'>

interface Values {
  name: string
  kind: string
  org_id?: string
  region?: string
  settings?: string
  secret?: string
}

interface QuotaValues {
  name: string
  parent: string
  guaranteed: string
  borrowing: string
  weight: number
}

const parsed = (text: string | undefined) => (text?.trim() ? (JSON.parse(text) as Record<string, never>) : {})
const isJson = (_: unknown, text: string | undefined) => {
  parsed(text)
  return Promise.resolve()
}

function RegisterPool({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('tasks')
  const navigate = useNavigate()
  const { regions, name } = useRegions()
  const register = async (values: Values) => {
    const { data } = await api.POST('/api/v1/compute/executor-pools', {
      body: {
        name: values.name,
        kind: values.kind,
        org_id: values.org_id || null,
        region: values.region ?? '',
        settings: parsed(values.settings),
        secret: values.secret ?? '',
      },
    })
    if (data) void navigate(`/compute/pools/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('pools.register')}
      submit={t('pools.register')}
      initial={{ kind: 'ssh' }}
      onSubmit={register}
      onClose={onClose}
    >
      {(form) => (
        <PoolFields form={form} regions={regions.map((one) => ({ value: one.name, label: name(one.name) }))} />
      )}
    </FormModal>
  )
}

function PoolFields({ form, regions }: { form: FormInstance<Values>; regions: { value: string; label: string }[] }) {
  const { t } = useTranslation('tasks')
  const kind = Form.useWatch('kind', form)
  return (
    <>
      <div className="grid-2">
        <Form.Item name="name" label={t('pools.name')} extra={t('pools.nameNote')} rules={[{ required: true }]}>
          <Input maxLength={60} autoFocus />
        </Form.Item>
        <Form.Item name="kind" label={t('pools.kind')} rules={[{ required: true }]}>
          <Select options={KINDS.map((one) => ({ value: one, label: t(`pools.kinds.${one}`) }))} />
        </Form.Item>
        <Form.Item name="region" label={t('pools.region')}>
          <Select allowClear options={regions} />
        </Form.Item>
        <Form.Item name="org_id" label={t('pools.org')} extra={t('pools.orgNote')}>
          <Input maxLength={40} />
        </Form.Item>
      </div>
      <Form.Item
        name="settings"
        label={t('pools.settings')}
        extra={t(`pools.settingsNotes.${kind ?? 'ssh'}`)}
        rules={[{ validator: isJson }]}
      >
        <Input.TextArea className="mono" autoSize={{ minRows: 2 }} />
      </Form.Item>
      {kind && SECRETS[kind] && (
        <Form.Item
          name="secret"
          label={t('pools.secret')}
          extra={t('pools.secretNote')}
          rules={[{ required: SECRETS[kind] === 'must' }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      )}
    </>
  )
}

const KINDS = ['ssh', 'slurm', 'kubernetes', 'ray'] as const
const SECRETS: Partial<Record<string, 'may' | 'must'>> = { kubernetes: 'must', ray: 'may', slurm: 'may' }

function Quotas({ operator }: { operator: boolean }) {
  const { t } = useTranslation('tasks')
  const [setting, setSetting] = useState(false)
  const query = $api.useQuery('get', '/api/v1/compute/quotas', { params: { query: { limit: 200 } } })
  const keep = async (values: QuotaValues) => {
    await api.PUT('/api/v1/compute/quotas/{name}', {
      params: { path: { name: values.name } },
      body: {
        parent: values.parent,
        guaranteed: parsed(values.guaranteed),
        borrowing: parsed(values.borrowing),
        weight: values.weight,
      },
    })
    await query.refetch()
  }
  const amounts = (held: Record<string, number>) =>
    Object.entries(held)
      .map(([resource, amount]) => `${resource} ${amount}`)
      .join(', ') || '—'
  return (
    <Section
      title={t('pools.quotas')}
      flush
      extra={operator && <Button onClick={() => setSetting(true)}>{t('pools.quotaSet')}</Button>}
    >
      <Table
        aria-label={t('pools.quotas')}
        size="small"
        pagination={false}
        rowKey={(row) => row.name}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: t('pools.quotaNone') }}
        columns={[
          { title: t('pools.quotaName'), dataIndex: 'name' },
          { title: t('pools.parent'), dataIndex: 'parent' },
          { title: t('pools.guaranteed'), render: (_, row) => amounts(row.guaranteed) },
          { title: t('pools.borrowing'), render: (_, row) => amounts(row.borrowing) },
          { title: t('pools.weight'), align: 'right', dataIndex: 'weight' },
        ]}
      />
      <FormModal<QuotaValues>
        open={setting}
        title={t('pools.quotaSet')}
        submit={t('pools.quotaSet')}
        initial={{ parent: '', guaranteed: '{"cpus": 8}', borrowing: '{}', weight: 1 }}
        onSubmit={keep}
        onClose={() => setSetting(false)}
      >
        <div className="grid-2">
          <Form.Item name="name" label={t('pools.quotaName')} rules={[{ required: true }]}>
            <Input maxLength={60} />
          </Form.Item>
          <Form.Item name="parent" label={t('pools.parent')}>
            <Input maxLength={60} />
          </Form.Item>
          <Form.Item name="guaranteed" label={t('pools.guaranteed')} rules={[{ validator: isJson }]}>
            <Input className="mono" />
          </Form.Item>
          <Form.Item name="borrowing" label={t('pools.borrowing')} rules={[{ validator: isJson }]}>
            <Input className="mono" />
          </Form.Item>
          <Form.Item name="weight" label={t('pools.weight')}>
            <InputNumber min={0.01} max={1000} style={{ width: '100%' }} />
          </Form.Item>
        </div>
      </FormModal>
    </Section>
  )
}

export function Component() {
  const { t } = useTranslation('tasks')
  const operator = serves(useSession(), 'operator')
  const { name } = useRegions()
  const list = useListState([])
  const [registering, setRegistering] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/executor-pools',
    { params: { query: { sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 25 } } },
    { placeholderData: (held) => held, refetchInterval: 10_000 },
  )
  const sum = (pool: Pool, of: (node: Pool['nodes'][number]) => number) =>
    pool.nodes.reduce((total, node) => total + of(node), 0)
  const columns: Column<Pool>[] = [
    {
      title: t('pools.name'),
      sort: 'name',
      render: (_, row) => <Link to={`/compute/pools/${row.id}`}>{row.name}</Link>,
    },
    { title: t('pools.kind'), render: (_, row) => t(`pools.kinds.${row.kind}`, { defaultValue: row.kind }) },
    { title: t('pools.region'), render: (_, row) => (row.region ? name(row.region) : '—') },
    { title: t('pools.state'), render: (_, row) => <PoolState draining={row.state === 'draining'} /> },
    { title: t('pools.health'), render: (_, row) => <HealthMark health={row.health} /> },
    { title: t('pools.nodes'), align: 'right', render: (_, row) => row.nodes.length },
    {
      title: t('pools.cpus'),
      align: 'right',
      render: (_, row) => `${sum(row, (node) => node.cpus_held)} / ${sum(row, (node) => node.cpus)}`,
    },
    {
      title: t('pools.cards'),
      align: 'right',
      render: (_, row) => `${sum(row, (node) => node.accelerators_held)} / ${sum(row, (node) => node.accelerators)}`,
    },
    { title: t('pools.runs'), align: 'right', render: (_, row) => sum(row, (node) => node.runs) },
    { title: t('pools.checked'), render: (_, row) => row.checked_at && <Time value={row.checked_at} /> },
  ]
  const button = operator && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setRegistering(true)}>
      {t('pools.register')}
    </Button>
  )
  return (
    <Page title={t('pools.title')} description={t('pools.description')} actions={button}>
      <DataTable
        label={t('pools.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        empty={<EmptyState title={t('pools.none')} next={t('pools.next')} action={button} />}
      />
      <Quotas operator={operator} />
      <Snippet
        sources={[{ label: 'CLI', code: 'ceyuan pool list\nceyuan pool register hosts --kind ssh --region beijing' }]}
      />
      <RegisterPool open={registering} onClose={() => setRegistering(false)} />
    </Page>
  )
}
