import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { SecretOnce } from '@/ui/SecretOnce'

type Invitation = Item<'/api/v1/admin/invitations'>

export function Component() {
  const { t } = useTranslation('administration')
  const [open, setOpen] = useState(false)
  const [link, setLink] = useState<string | null>(null)
  const query = $api.useQuery('get', '/api/v1/admin/invitations', { params: { query: { limit: 100 } } })
  const invite = async ({ email }: { email?: string }) => {
    const { data } = await api.POST('/api/v1/admin/invitations', { body: { email: email || null } })
    if (data) setLink(data.link)
    await query.refetch()
  }
  const revoke = async (id: string) => {
    await api.DELETE('/api/v1/admin/invitations/{invitation_id}', { params: { path: { invitation_id: id } } })
    await query.refetch()
  }
  const columns: Column<Invitation>[] = [
    { title: t('invitations.who'), render: (_, row) => row.email ?? t('invitations.anybody') },
    { title: t('invitations.by'), dataIndex: 'invited_by' },
    { title: t('invitations.until'), render: (_, row) => <Time value={row.expires_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <Button size="small" onClick={() => void revoke(row.id)}>
          {t('invitations.revoke')}
        </Button>
      ),
    },
  ]
  const button = (
    <Button type="primary" onClick={() => setOpen(true)}>
      {t('invitations.new')}
    </Button>
  )
  return (
    <Page title={t('invitations.title')} description={t('invitations.description')} actions={button}>
      <DataTable
        label={t('invitations.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('invitations.none')} action={button} />}
      />
      <FormModal<{ email?: string }>
        open={open}
        title={t('invitations.new')}
        submit={t('invitations.new')}
        onSubmit={invite}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="email" label={t('account.email')} extra={t('invitations.emailNote')}>
          <Input type="email" autoFocus maxLength={254} />
        </Form.Item>
      </FormModal>
      <SecretOnce title={t('invitations.link')} secret={link} onClose={() => setLink(null)} />
    </Page>
  )
}
