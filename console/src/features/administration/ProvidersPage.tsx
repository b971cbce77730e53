import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Popconfirm, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Element, Item, Sent } from '@/api/types'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { CopyButton } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { Status } from '@/ui/Status'

const PATH = '/api/v1/admin/sign-on-providers'

type Provider = [Item<typeof PATH>] extends [never] ? Element<typeof PATH> : Item<typeof PATH>
type Values = Sent<typeof PATH>

function Fields({ isNew }: { isNew: boolean }) {
  const { t } = useTranslation('administration')
  return (
    <>
      {isNew && (
        <Form.Item name="name" label={t('signOn.name')} extra={t('signOn.nameNote')} rules={[{ required: true }]}>
          <Input autoFocus />
        </Form.Item>
      )}
      {(['title_zh', 'title_en', 'issuer', 'client_id'] as const).map((field) => (
        <Form.Item key={field} name={field} label={t(`signOn.${field}`)} rules={[{ required: true }]}>
          <Input />
        </Form.Item>
      ))}
      <Form.Item
        name="client_secret"
        label={t('signOn.client_secret')}
        extra={isNew ? undefined : t('signOn.keepSecret')}
      >
        <Input.Password autoComplete="off" />
      </Form.Item>
      <Form.Item name="scope" label={t('signOn.scope')}>
        <Input />
      </Form.Item>
      <Form.Item name="email_domains" label={t('signOn.domains')}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ']} />
      </Form.Item>
      {(['auto_create', 'trusts_email', 'is_on'] as const).map((field) => (
        <Form.Item key={field} name={field} label={t(`signOn.${field}`)} valuePropName="checked">
          <Switch />
        </Form.Item>
      ))}
    </>
  )
}

export function Component() {
  const { t } = useTranslation('administration')
  const { t: common } = useTranslation()
  const text = useBilingual()
  const [edited, setEdited] = useState<Provider | 'new' | null>(null)
  const query = $api.useQuery('get', PATH)
  const rows = (Array.isArray(query.data) ? query.data : (query.data as { items: Provider[] } | undefined)?.items) as
    Provider[] | undefined
  const save = async (values: Values) => {
    if (edited === 'new') await api.POST(PATH, { body: values })
    else if (edited) {
      const body = { ...values, client_secret: values.client_secret || null }
      await api.PATCH('/api/v1/admin/sign-on-providers/{provider}', {
        params: { path: { provider: edited.name } },
        body,
      })
    }
    await query.refetch()
  }
  const remove = async (provider: string) => {
    await api.DELETE('/api/v1/admin/sign-on-providers/{provider}', { params: { path: { provider } } })
    await query.refetch()
  }
  const columns: Column<Provider>[] = [
    { title: t('signOn.provider'), render: (_, row) => <strong>{text(row, 'title')}</strong> },
    { title: t('signOn.issuer'), render: (_, row) => <code>{row.issuer}</code> },
    {
      title: t('signOn.callback'),
      render: (_, row) => {
        const address = `${location.origin}/api/v1/auth/sign-on/${row.name}/callback`
        return (
          <span className="row" style={{ flexWrap: 'nowrap', gap: 2 }}>
            <code className="truncate" style={{ maxWidth: 240 }}>
              {address}
            </code>
            <CopyButton text={address} />
          </span>
        )
      },
    },
    { title: t('account.state'), render: (_, row) => <Status value={row.is_on ? 'active' : 'suspended'} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          <Button size="small" onClick={() => setEdited(row)}>
            {common('edit')}
          </Button>
          <Popconfirm title={t('signOn.removeAsk')} onConfirm={() => void remove(row.name)}>
            <Button size="small" danger>
              {common('delete')}
            </Button>
          </Popconfirm>
        </span>
      ),
    },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
      {t('signOn.new')}
    </Button>
  )
  const initial =
    edited && edited !== 'new'
      ? edited
      : { scope: 'openid profile email', name_claim: 'preferred_username', is_on: true, email_domains: [] }
  return (
    <Page title={t('signOn.title')} description={t('signOn.description')} actions={button}>
      <DataTable<Provider>
        label={t('signOn.title')}
        query={{ ...query, data: rows && { items: rows } }}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('signOn.none')} next={t('signOn.next')} action={button} />}
      />
      <FormModal<Values>
        key={edited === null || edited === 'new' ? 'new' : edited.id}
        open={edited !== null}
        title={t('signOn.new')}
        submit={common('save')}
        initial={initial}
        onSubmit={save}
        onClose={() => setEdited(null)}
      >
        <Fields isNew={edited === 'new'} />
      </FormModal>
    </Page>
  )
}
