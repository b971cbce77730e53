import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Money, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'
import { Page } from '@/ui/Page'

type Price = Item<'/api/v1/metering/prices'>

interface Values {
  resource: string
  model?: string
  unit_micro: number
  per: number
  note?: string
}

export function Component() {
  const { t } = useTranslation('metering')
  const text = useBilingual()
  const session = useSession()
  const list = useListState(['resource', 'model'])
  const [open, setOpen] = useState(false)
  const { data: resources } = $api.useQuery('get', '/api/v1/metering/resources', {}, { staleTime: Infinity })
  const query = $api.useQuery(
    'get',
    '/api/v1/metering/prices',
    {
      params: { query: { ...list.filters, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 50 } },
    },
    { placeholderData: (held) => held },
  )
  const set = async (values: Values) => {
    await api.POST('/api/v1/metering/prices', {
      body: { ...values, model: values.model || '*', scope: '*', note: values.note ?? '' },
    })
    await query.refetch()
  }
  const title = (name: string) => {
    const found = resources?.find((resource) => resource.name === name)
    return found ? text(found, 'title') : name
  }
  const unit = (name: string) => {
    const found = resources?.find((resource) => resource.name === name)
    return found ? text(found, 'unit') : ''
  }
  const columns: Column<Price>[] = [
    {
      title: t('usage.resource'),
      render: (_, row) => (
        <>
          {title(row.resource)}
          <div className="faint mono">{row.resource}</div>
        </>
      ),
    },
    { title: t('usage.model'), render: (_, row) => <code>{row.model}</code> },
    {
      title: t('prices.scope'),
      render: (_, row) => (row.scope === '*' ? t('prices.everybody') : <code>{row.scope}</code>),
    },
    {
      title: t('usage.price'),
      align: 'right',
      render: (_, row) => (
        <>
          <Money micro={row.unit_micro} /> / <span className="num">{row.per.toLocaleString()}</span>{' '}
          {unit(row.resource)}
        </>
      ),
    },
    { title: t('prices.from'), render: (_, row) => <Time value={row.valid_from} /> },
    { title: t('prices.until'), render: (_, row) => <Time value={row.valid_to} /> },
    { title: t('note'), dataIndex: 'note' },
  ]
  const button = serves(session, 'operator') && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('prices.new')}
    </Button>
  )
  return (
    <Page title={t('prices.title')} description={t('prices.description')} actions={button}>
      <DataTable
        label={t('prices.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'resource',
            label: t('usage.resource'),
            options: (resources ?? []).map((resource) => ({ value: resource.name, label: text(resource, 'title') })),
          },
          { name: 'model', label: t('usage.model') },
        ]}
        empty={<EmptyState title={t('prices.none')} next={t('prices.next')} />}
      />
      <FormModal<Values>
        open={open}
        title={t('prices.new')}
        note={t('prices.newNote')}
        submit={t('prices.new')}
        initial={{ per: 1_000_000, model: '*' }}
        onSubmit={set}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="resource" label={t('usage.resource')} rules={[{ required: true }]}>
          <Select
            options={(resources ?? []).map((resource) => ({
              value: resource.name,
              label: `${text(resource, 'title')} (${text(resource, 'unit')})`,
            }))}
          />
        </Form.Item>
        <Form.Item name="model" label={t('usage.model')}>
          <Input maxLength={200} />
        </Form.Item>
        <div className="grid-2">
          <Form.Item name="unit_micro" label={t('usage.price')} rules={[{ required: true }]}>
            <MoneyInput />
          </Form.Item>
          <Form.Item name="per" label={t('prices.per')} rules={[{ required: true }]}>
            <InputNumber min={1} precision={0} style={{ width: '100%' }} />
          </Form.Item>
        </div>
        <Form.Item name="note" label={t('note')}>
          <Input maxLength={200} />
        </Form.Item>
      </FormModal>
    </Page>
  )
}
