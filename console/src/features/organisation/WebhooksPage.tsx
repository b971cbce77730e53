import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, Popconfirm, Select, Switch, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item, Sent } from '@/api/types'
import type { Membership } from '@/app/session'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { SecretOnce } from '@/ui/SecretOnce'

import { Deliveries } from './Deliveries'
import { OrganisationFrame } from './OrganisationFrame'

type Webhook = Item<'/api/v1/organisations/{organisation}/webhooks'>
type Values = Sent<'/api/v1/organisations/{organisation}/webhooks'>

const TOPICS = ['*', 'notice.*', 'job.finished', 'training.finished', 'evaluation.finished']

interface Deeds {
  toggle: (webhook: Webhook, isOn: boolean) => void
  ping: (webhook: Webhook) => void
  remove: (webhook: Webhook) => void
}

function useColumns({ toggle, ping, remove }: Deeds): Column<Webhook>[] {
  const { t } = useTranslation('organisation')
  const { t: common } = useTranslation()
  return [
    {
      title: t('webhook.url'),
      render: (_, row) => (
        <div>
          <code>{row.url}</code>
          {row.failures > 0 && <div className="faint">{t('webhook.failures', { count: row.failures })}</div>}
        </div>
      ),
    },
    {
      title: t('webhook.topics'),
      render: (_, row) =>
        row.topics.map((topic) => (
          <Tag key={topic} variant="filled">
            <code>{topic}</code>
          </Tag>
        )),
    },
    { title: t('webhook.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
    {
      title: t('webhook.on'),
      render: (_, row) => (
        <Switch
          size="small"
          checked={row.is_on}
          aria-label={t('webhook.onOf', { url: row.url })}
          onChange={(isOn) => toggle(row, isOn)}
        />
      ),
    },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          <Button size="small" disabled={!row.is_on} onClick={() => ping(row)}>
            {t('webhook.ping')}
          </Button>
          <Popconfirm title={t('webhook.removeAsk')} onConfirm={() => remove(row)}>
            <Button size="small" danger>
              {common('delete')}
            </Button>
          </Popconfirm>
        </span>
      ),
    },
  ]
}

function Webhooks({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('organisation')
  const { message } = App.useApp()
  const [open, setOpen] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const path = { organisation: organisation.id }
  const query = $api.useQuery('get', '/api/v1/organisations/{organisation}/webhooks', {
    params: { path, query: { limit: 100 } },
  })
  const act = async (work: () => Promise<unknown>, said?: string) => {
    try {
      await work()
      if (said) void message.success(said)
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
    await query.refetch()
  }
  const one = (row: Webhook) => ({ params: { path: { ...path, webhook_id: row.id } } })
  const columns = useColumns({
    toggle: (row, isOn) =>
      void act(() =>
        api.PATCH('/api/v1/organisations/{organisation}/webhooks/{webhook_id}', { ...one(row), body: { is_on: isOn } }),
      ),
    ping: (row) =>
      void act(
        () => api.POST('/api/v1/organisations/{organisation}/webhooks/{webhook_id}/ping', one(row)),
        t('webhook.pinged'),
      ),
    remove: (row) => void act(() => api.DELETE('/api/v1/organisations/{organisation}/webhooks/{webhook_id}', one(row))),
  })
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('webhook.new')}
    </Button>
  )
  return (
    <>
      <DataTable
        label={t('webhooks.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        extra={query.data?.items.length === 0 ? undefined : button}
        expand={(row) => <Deliveries organisation={organisation.id} webhook={row.id} />}
        empty={<EmptyState title={t('webhook.none')} next={t('webhook.next')} action={button} />}
      />
      <FormModal<Values>
        open={open}
        title={t('webhook.new')}
        submit={t('webhook.new')}
        initial={{ topics: ['notice.*'] }}
        onSubmit={async (body) => {
          const made = await api.POST('/api/v1/organisations/{organisation}/webhooks', { params: { path }, body })
          setSecret(made.data?.secret ?? null)
          await query.refetch()
        }}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="url" label={t('webhook.url')} extra={t('webhook.urlNote')} rules={[{ required: true }]}>
          <Input autoFocus type="url" placeholder="https://" />
        </Form.Item>
        <Form.Item
          name="topics"
          label={t('webhook.topics')}
          extra={t('webhook.topicsNote')}
          rules={[{ required: true }]}
        >
          <Select mode="tags" options={TOPICS.map((topic) => ({ value: topic, label: topic }))} />
        </Form.Item>
      </FormModal>
      <SecretOnce title={t('webhook.secret')} secret={secret} onClose={() => setSecret(null)} />
    </>
  )
}

/** Addresses that are called when something happens in the organisation. */
export function Component() {
  const { t } = useTranslation('organisation')
  return (
    <OrganisationFrame title={t('webhooks.title')} description={t('webhooks.description')}>
      {(organisation) => <Webhooks organisation={organisation} />}
    </OrganisationFrame>
  )
}
