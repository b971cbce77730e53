import { UserAddOutlined } from '@ant-design/icons'
import { Button, Form, Input, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { SecretOnce } from '@/ui/SecretOnce'
import { Status } from '@/ui/Status'

import { AccountActions } from './AccountActions'

export type Account = Item<'/api/v1/admin/accounts'>
type NewAccount = Sent<'/api/v1/admin/accounts'>

const STATES = ['active', 'suspended', 'erased'] as const

function useDuties() {
  const text = useBilingual()
  const { data } = $api.useQuery('get', '/api/v1/admin/duties', {}, { staleTime: Infinity })
  return (data ?? []).map((duty) => ({ value: duty.name, label: text(duty, 'title') }))
}

function NewAccountForm({
  open,
  onClose,
  onLink,
}: {
  open: boolean
  onClose: () => void
  onLink: (link: string) => void
}) {
  const { t } = useTranslation('administration')
  const { language } = usePreferences()
  const create = async (values: NewAccount) => {
    const { data } = await api.POST('/api/v1/admin/accounts', {
      body: { ...values, display_name: values.display_name ?? '', email: values.email || null, language },
    })
    if (data) onLink(data.link)
  }
  return (
    <FormModal<NewAccount>
      open={open}
      title={t('account.new')}
      note={t('account.newNote')}
      submit={t('account.new')}
      onSubmit={create}
      onClose={onClose}
    >
      <Form.Item name="name" label={t('account.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={39} />
      </Form.Item>
      <Form.Item name="display_name" label={t('account.display')}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="email" label={t('account.email')}>
        <Input type="email" maxLength={254} />
      </Form.Item>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('administration')
  const duties = useDuties()
  const list = useListState(['q', 'state', 'duty'])
  const [creating, setCreating] = useState(false)
  const [link, setLink] = useState<string | null>(null)
  const { q, state, duty } = list.filters
  const query = $api.useQuery(
    'get',
    '/api/v1/admin/accounts',
    {
      params: {
        query: {
          q,
          state: state as Account['state'] | undefined,
          duty,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 30,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const title = (name: string) => duties.find((each) => each.value === name)?.label ?? name
  const columns: Column<Account>[] = [
    {
      title: t('account.person'),
      sort: 'name',
      render: (_, row) => (
        <div>
          {row.display_name} <span className="faint">@{row.name}</span>
          <div className="faint">{row.email}</div>
        </div>
      ),
    },
    { title: t('account.state'), render: (_, row) => <Status value={row.state} /> },
    {
      title: t('account.duties'),
      render: (_, row) => (
        <>
          {row.is_admin && <Tag color="cyan">{t('account.admin')}</Tag>}
          {row.duties.map((name) => (
            <Tag key={name} variant="filled">
              {title(name)}
            </Tag>
          ))}
        </>
      ),
    },
    {
      title: t('account.factor'),
      render: (_, row) => (row.second_factor ? t('account.factorOn') : <span className="faint">—</span>),
    },
    { title: t('account.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <AccountActions account={row} duties={duties} onChanged={() => void query.refetch()} onLink={setLink} />
      ),
    },
  ]
  return (
    <Page
      title={t('accounts.title')}
      description={t('accounts.description')}
      actions={
        <Button type="primary" icon={<UserAddOutlined />} onClick={() => setCreating(true)}>
          {t('account.new')}
        </Button>
      }
    >
      <DataTable
        label={t('accounts.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'q', label: t('account.search') },
          {
            name: 'state',
            label: t('account.state'),
            options: STATES.map((value) => ({ value, label: <Status value={value} /> })),
          },
          { name: 'duty', label: t('account.duties'), options: duties },
        ]}
        empty={null}
      />
      <NewAccountForm open={creating} onClose={() => setCreating(false)} onLink={setLink} />
      <SecretOnce title={t('account.link')} secret={link} onClose={() => setLink(null)}>
        <p className="soft">{t('account.linkNote')}</p>
      </SecretOnce>
    </Page>
  )
}
