import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, Popconfirm, Select, Space } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { Snippet } from '@/ui/Snippet'

type Schedule = Item<'/api/v1/data/schedules'>

interface Values {
  org_id: string
  name: string
  kind: 'corpus' | 'collect'
  sources: string[]
  dataset: string
  cron: string
  zone: string
}

interface NewProps {
  open: boolean
  source: string | null
  onClose: () => void
  onMade: () => unknown
}

function NewSchedule({ open, source, onClose, onMade }: NewProps) {
  const { t } = useTranslation('data')
  const { proposed } = useWorkplaces()
  const { data } = $api.useQuery(
    'get',
    '/api/v1/data/sources',
    { params: { query: { limit: 100 } } },
    { enabled: open },
  )
  const make = async ({ sources, dataset, ...values }: Values) => {
    await api.POST('/api/v1/data/schedules', { body: { ...values, params: { sources, dataset } } })
    await onMade()
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('schedules.new')}
      submit={t('schedules.new')}
      initial={{
        org_id: proposed?.id,
        kind: 'corpus',
        sources: source ? [source] : [],
        cron: '30 2 * * *',
        zone: 'Asia/Shanghai',
      }}
      onSubmit={make}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="name" label={t('schedules.name')} rules={[{ required: true }]}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="kind" label={t('schedules.does')}>
        <Select
          options={(['corpus', 'collect'] as const).map((value) => ({ value, label: t(`schedules.${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="sources" label={t('schedules.sources')} rules={[{ required: true }]}>
        <Select
          mode="multiple"
          optionFilterProp="label"
          options={(data?.items ?? []).map((one) => ({ value: one.id, label: one.title || one.key }))}
        />
      </Form.Item>
      <Form.Item
        name="dataset"
        label={t('schedules.dataset')}
        extra={t('schedules.datasetNote')}
        rules={[{ required: true }]}
      >
        <ReferenceInput kind="dataset" plain />
      </Form.Item>
      <Times />
    </FormModal>
  )
}

function Times() {
  const { t } = useTranslation('data')
  return (
    <div className="grid-2">
      <Form.Item name="cron" label={t('schedules.cron')} extra={t('schedules.cronNote')} rules={[{ required: true }]}>
        <Input maxLength={120} className="mono" />
      </Form.Item>
      <Form.Item name="zone" label={t('schedules.zone')} rules={[{ required: true }]}>
        <Input maxLength={60} />
      </Form.Item>
    </div>
  )
}

/** Another name, other times. */
function Change({ row, onChanged }: { row: Schedule; onChanged: () => unknown }) {
  const { t } = useTranslation('data')
  const [open, setOpen] = useState(false)
  const change = async (values: Pick<Schedule, 'name' | 'cron' | 'zone'>) => {
    const params = { path: { schedule_id: row.id } }
    await api.PATCH('/api/v1/data/schedules/{schedule_id}', { params, body: values })
    await onChanged()
  }
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t('schedules.change')}
      </Button>
      <FormModal<Pick<Schedule, 'name' | 'cron' | 'zone'>>
        open={open}
        title={t('schedules.change')}
        submit={t('schedules.save')}
        initial={{ name: row.name, cron: row.cron, zone: row.zone }}
        onSubmit={change}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="name" label={t('schedules.name')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Times />
      </FormModal>
    </>
  )
}

function Actions({ row, onChanged }: { row: Schedule; onChanged: () => unknown }) {
  const { t } = useTranslation('data')
  const { message } = App.useApp()
  const onError = (error: unknown) => void message.error(asProblem(error).detail || asProblem(error).title)
  const onSuccess = () => void onChanged()
  const change = $api.useMutation('patch', '/api/v1/data/schedules/{schedule_id}', { onSuccess, onError })
  const remove = $api.useMutation('delete', '/api/v1/data/schedules/{schedule_id}', { onSuccess, onError })
  const navigate = useNavigate()
  const run = $api.useMutation('post', '/api/v1/data/schedules/{schedule_id}/run', {
    onSuccess: (job) => void navigate(`/jobs/${job.job_id}`),
    onError,
  })
  const params = { path: { schedule_id: row.id } }
  const paused = row.next_at === null
  return (
    <Space>
      <Button size="small" loading={run.isPending} onClick={() => run.mutate({ params })}>
        {t('schedules.run')}
      </Button>
      <Change row={row} onChanged={onChanged} />
      <Button
        size="small"
        loading={change.isPending}
        onClick={() => change.mutate({ params, body: { paused: !paused } })}
      >
        {t(paused ? 'schedules.resume' : 'schedules.pause')}
      </Button>
      <Popconfirm title={t('schedules.confirm')} onConfirm={() => remove.mutate({ params })}>
        <Button size="small" danger>
          {t('schedules.delete')}
        </Button>
      </Popconfirm>
    </Space>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const { organisation } = usePreferences()
  const list = useListState([])
  const [address, setAddress] = useSearchParams()
  const source = address.get('source')
  const [open, setOpen] = useState(source !== null)
  const close = () => {
    setOpen(false)
    if (source) setAddress({}, { replace: true })
  }
  const query = $api.useQuery(
    'get',
    '/api/v1/data/schedules',
    {
      params: {
        query: {
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 30,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Schedule>[] = [
    { title: t('schedules.name'), sort: 'name', dataIndex: 'name' },
    { title: t('schedules.does'), render: (_, row) => t(`schedules.${row.kind}`) },
    {
      title: t('schedules.cron'),
      render: (_, row) => (
        <div>
          <code>{row.cron}</code>
          <div className="faint">{row.zone}</div>
        </div>
      ),
    },
    {
      title: t('schedules.next'),
      sort: 'next_at',
      render: (_, row) => (row.next_at === null ? t('schedules.paused') : <Time value={row.next_at} full />),
    },
    {
      title: t('schedules.last'),
      render: (_, row) => (
        <>
          {row.last_job && (
            <Link to={`/jobs/${row.last_job}`}>
              <Time value={row.last_at} />
            </Link>
          )}
          {row.last_error && <div className="faint">{row.last_error}</div>}
        </>
      ),
    },
    { title: '', align: 'right', render: (_, row) => <Actions row={row} onChanged={() => query.refetch()} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('schedules.new')}
    </Button>
  )
  return (
    <Page title={t('schedules.title')} description={t('schedules.description')} actions={button}>
      <DataTable
        label={t('schedules.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        empty={<EmptyState title={t('schedules.none')} next={t('schedules.start')} action={button} />}
      />
      <Snippet
        sources={[
          {
            label: 'CLI',
            code: "ceyuan data schedules add nightly '30 2 * * *' demo/corpus --org ORG --source SOURCE",
          },
        ]}
      />
      <NewSchedule open={open} source={source} onClose={close} onMade={() => query.refetch()} />
    </Page>
  )
}
