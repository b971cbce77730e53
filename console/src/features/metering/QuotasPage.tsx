import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, InputNumber, Popconfirm, Progress, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Element, Item, Sent } from '@/api/types'
import { holds, useSession, type Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Money, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'

const PATH = '/api/v1/metering/organisations/{organisation}/quotas'

type QuotaState = [Item<typeof PATH>] extends [never] ? Element<typeof PATH> : Item<typeof PATH>
type NewQuota = Sent<typeof PATH>

interface Values extends Pick<NewQuota, 'metric' | 'window' | 'hard' | 'subject_kind' | 'note'> {
  amount: number
  model?: string
}

const METRICS = ['requests', 'tokens', 'money', 'quantity'] as const
const WINDOWS = ['minute', 'day', 'month'] as const
const MICRO = 1_000_000

function Amount({ state, value }: { state: QuotaState; value: string | null }) {
  if (value === null) return <span className="faint">—</span>
  return state.quota.metric === 'money' ? (
    <Money micro={Number(value)} />
  ) : (
    <span className="num">{Number(value).toLocaleString()}</span>
  )
}

function Fields() {
  const { t } = useTranslation('metering')
  const metric = Form.useWatch<Values['metric']>('metric')
  return (
    <>
      <Form.Item name="metric" label={t('quotas.metric')}>
        <Select options={METRICS.map((value) => ({ value, label: t(`quotas.metrics.${value}`) }))} />
      </Form.Item>
      <Form.Item name="amount" label={t('quotas.amount')} rules={[{ required: true }]}>
        <InputNumber min={0} prefix={metric === 'money' ? '¥' : undefined} style={{ width: '100%' }} />
      </Form.Item>
      <Form.Item name="window" label={t('quotas.window')}>
        <Select options={WINDOWS.map((value) => ({ value, label: t(`quotas.windows.${value}`) }))} />
      </Form.Item>
      <Form.Item name="model" label={t('usage.model')} extra={t('quotas.modelNote')}>
        <Input maxLength={200} placeholder="*" />
      </Form.Item>
      <Form.Item name="hard" label={t('quotas.hard')} extra={t('quotas.hardNote')} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Form.Item name="note" label={t('note')}>
        <Input maxLength={200} />
      </Form.Item>
    </>
  )
}

function Quotas({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const { t: common } = useTranslation()
  const { message } = App.useApp()
  const session = useSession()
  const [open, setOpen] = useState(false)
  const params = { path: { organisation: organisation.id } }
  const mayChange = holds(session, organisation.id, 'owner')
  const query = $api.useQuery('get', PATH, { params })
  const rows = (Array.isArray(query.data) ? query.data : (query.data as { items: QuotaState[] } | undefined)?.items) as
    QuotaState[] | undefined
  const create = async ({ amount, model, note, ...values }: Values) => {
    await api.POST(PATH, {
      params,
      body: {
        ...values,
        amount: values.metric === 'money' ? Math.round(amount * MICRO) : amount,
        subject_id: '',
        resource: '',
        model: model || '*',
        note: note ?? '',
      },
    })
    await query.refetch()
  }
  const remove = async (id: string) => {
    try {
      await api.DELETE('/api/v1/metering/quotas/{quota_id}', { params: { path: { quota_id: id } } })
      await query.refetch()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  const columns: Column<QuotaState>[] = [
    {
      title: t('quotas.metric'),
      render: (_, row) => (
        <>
          {t(`quotas.metrics.${row.quota.metric}`, { defaultValue: row.quota.metric })}{' '}
          <span className="faint">/ {t(`quotas.windows.${row.quota.window}`, { defaultValue: row.quota.window })}</span>
        </>
      ),
    },
    {
      title: t('quotas.for'),
      render: (_, row) => (
        <>
          {t(`quotas.subject.${row.quota.subject_kind}`, { defaultValue: row.quota.subject_kind })}{' '}
          <code>{row.quota.subject_id}</code>
        </>
      ),
    },
    {
      title: t('quotas.used'),
      width: 260,
      render: (_, row) => (
        <div>
          <Amount state={row} value={row.used} /> / <Amount state={row} value={row.quota.amount} />
          {row.used !== null && (
            <Progress
              size="small"
              showInfo={false}
              percent={Math.min(100, Math.round((100 * Number(row.used)) / Math.max(1, Number(row.quota.amount))))}
              aria-label={t('quotas.used')}
            />
          )}
        </div>
      ),
    },
    { title: t('quotas.hard'), render: (_, row) => (row.quota.hard ? t('quotas.isHard') : t('quotas.isSoft')) },
    { title: t('quotas.renews'), render: (_, row) => <Time value={row.window_end} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        mayChange && (
          <Popconfirm title={t('quotas.removeAsk')} onConfirm={() => void remove(row.quota.id)}>
            <Button size="small" danger>
              {common('delete')}
            </Button>
          </Popconfirm>
        ),
    },
  ]
  const button = mayChange && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('quotas.new')}
    </Button>
  )
  return (
    <>
      <DataTable<QuotaState>
        label={t('quotas.title')}
        query={{ ...query, data: rows && { items: rows } }}
        columns={columns}
        rowKey={(row) => row.quota.id}
        extra={rows?.length ? button : undefined}
        empty={<EmptyState title={t('quotas.none')} next={t('quotas.next')} action={button} />}
      />
      <FormModal<Values>
        open={open}
        title={t('quotas.new')}
        submit={t('quotas.new')}
        initial={{ metric: 'money', window: 'month', hard: true, subject_kind: 'org' }}
        onSubmit={create}
        onClose={() => setOpen(false)}
      >
        <Fields />
      </FormModal>
    </>
  )
}

export function Component() {
  const { t } = useTranslation('metering')
  return (
    <OrganisationFrame title={t('quotas.title')} description={t('quotas.description')}>
      {(organisation) => <Quotas organisation={organisation} />}
    </OrganisationFrame>
  )
}
