import { LockOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Radio, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { holds, useSession } from '@/app/session'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'

type Collection = Item<'/api/v1/collections'>
type Values = Sent<'/api/v1/collections'>

function NewCollection({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('hub')
  const session = useSession()
  const { organisation } = usePreferences()
  const navigate = useNavigate()
  const owners = session.organisations.filter((membership) => holds(session, membership.id, 'member'))
  const chosen = owners.find((owner) => owner.id === organisation) ?? owners[0]
  const make = async (values: Values) => {
    const { data } = await api.POST('/api/v1/collections', {
      body: { ...values, description: values.description ?? '' },
    })
    if (data) void navigate(`/hub/collections/${data.token}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('collection.new')}
      submit={t('new.submit')}
      initial={{ ...(chosen ? { owner: chosen.name } : {}), private: true }}
      onSubmit={make}
      onClose={onClose}
    >
      <Form.Item name="title" label={t('collection.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={120} />
      </Form.Item>
      <Form.Item name="description" label={t('new.description')}>
        <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 4 }} />
      </Form.Item>
      <Form.Item name="owner" label={t('new.owner')} rules={[{ required: true }]}>
        <Select options={owners.map(({ name, label }) => ({ value: name, label: `${label} (${name})` }))} />
      </Form.Item>
      <Form.Item name="private" label={t('new.visibility')}>
        <Radio.Group
          options={[
            { value: true, label: t('visibility.private') },
            { value: false, label: t('visibility.public') },
          ]}
        />
      </Form.Item>
    </FormModal>
  )
}

/** Collections: lists of repositories that people put together. */
export function Component() {
  const { t } = useTranslation('hub')
  const list = useListState(['text', 'owner'])
  const [making, setMaking] = useState(false)
  const session = useSession()
  const query = $api.useQuery(
    'get',
    '/api/v1/collections',
    {
      params: {
        query: {
          text: list.filters.text,
          owner: list.filters.owner,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 30,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Collection>[] = [
    {
      title: t('collection.name'),
      render: (_, row) => (
        <>
          <Link to={`/hub/collections/${row.token}`}>{row.title}</Link>{' '}
          {row.private && <LockOutlined className="faint" aria-label={t('visibility.private')} />}
          {row.description && <div className="soft">{row.description}</div>}
        </>
      ),
    },
    { title: t('new.owner'), dataIndex: 'owner' },
    {
      title: t('collection.count'),
      align: 'right',
      render: (_, row) => <span className="num">{row.items_count}</span>,
    },
    { title: t('updated'), sort: 'updated_at', render: (_, row) => <Time value={row.updated_at} /> },
  ]
  const begin = session.organisations.length > 0 && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('collection.new')}
    </Button>
  )
  return (
    <Page title={t('collection.title')} description={t('collection.description')} actions={begin}>
      <DataTable
        label={t('collection.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.token}
        list={list}
        filters={[
          { name: 'text', label: t('collection.name') },
          { name: 'owner', label: t('new.owner') },
        ]}
        empty={<EmptyState title={t('collection.none')} next={t('collection.next')} />}
      />
      <NewCollection open={making} onClose={() => setMaking(false)} />
    </Page>
  )
}
