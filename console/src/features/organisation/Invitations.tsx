import { UserAddOutlined } from '@ant-design/icons'
import { Button, Form, Input, Radio, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { holds, ROLES, useSession, type Membership, type Role } from '@/app/session'
import { DataTable, type Column } from '@/ui/DataTable'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Section } from '@/ui/Page'
import { SecretOnce } from '@/ui/SecretOnce'

type Invitation = Item<'/api/v1/organisations/{organisation}/invitations'>

interface Values {
  way: 'person' | 'email' | 'link'
  to?: string
  role: Role
}

function Fields() {
  const { t } = useTranslation('organisation')
  const { t: common } = useTranslation()
  const way = Form.useWatch<Values['way']>('way')
  return (
    <>
      <Form.Item name="way" label={t('invite.way')} required>
        <Radio.Group
          optionType="button"
          options={(['person', 'email', 'link'] as const).map((value) => ({ value, label: t(`invite.${value}`) }))}
        />
      </Form.Item>
      {way !== 'link' && (
        <Form.Item name="to" label={t(`invite.${way ?? 'person'}`)} rules={[{ required: true }]}>
          <Input autoFocus type={way === 'email' ? 'email' : 'text'} />
        </Form.Item>
      )}
      <Form.Item name="role" label={t('member.role')} required>
        <Select options={ROLES.map((role) => ({ value: role, label: common(`role.${role}`) }))} />
      </Form.Item>
    </>
  )
}

/** Invitations of an organisation that are still open, and new ones. */
export function Invitations({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('organisation')
  const { t: common } = useTranslation()
  const session = useSession()
  const [open, setOpen] = useState(false)
  const [link, setLink] = useState<string | null>(null)
  const mayInvite = holds(session, organisation.id, 'maintainer')
  const path = { organisation: organisation.id }
  const query = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/invitations',
    { params: { path } },
    { enabled: mayInvite },
  )
  if (!mayInvite) return null
  const invite = async ({ way, to, role }: Values) => {
    const { data } = await api.POST('/api/v1/organisations/{organisation}/invitations', {
      params: { path },
      body: { role, email: way === 'email' ? (to ?? null) : null, person: way === 'person' ? (to ?? null) : null },
    })
    if (data && !data.mailed) setLink(data.link)
    await query.refetch()
  }
  const revoke = async (id: string) => {
    await api.DELETE('/api/v1/organisations/{organisation}/invitations/{invitation_id}', {
      params: { path: { ...path, invitation_id: id } },
    })
    await query.refetch()
  }
  const columns: Column<Invitation>[] = [
    { title: t('invite.who'), render: (_, row) => row.email ?? row.person ?? t('invite.anybody') },
    { title: t('member.role'), render: (_, row) => common(`role.${row.role}`) },
    { title: t('invite.by'), dataIndex: 'invited_by' },
    { title: t('invite.until'), render: (_, row) => <Time value={row.expires_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <Button size="small" onClick={() => void revoke(row.id)}>
          {t('invite.revoke')}
        </Button>
      ),
    },
  ]
  return (
    <Section
      title={t('invite.title')}
      extra={
        <Button type="primary" icon={<UserAddOutlined />} onClick={() => setOpen(true)}>
          {t('invite.do')}
        </Button>
      }
      flush
    >
      <DataTable
        label={t('invite.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        bare
        empty={
          <p className="soft" style={{ padding: '8px 20px 20px' }}>
            {t('invite.none')}
          </p>
        }
      />
      <FormModal<Values>
        open={open}
        title={t('invite.do')}
        submit={t('invite.send')}
        initial={{ way: 'person', role: 'member' }}
        onSubmit={invite}
        onClose={() => setOpen(false)}
      >
        <Fields />
      </FormModal>
      <SecretOnce title={t('invite.link')} secret={link} onClose={() => setLink(null)}>
        <p className="soft">{t('invite.linkNote')}</p>
      </SecretOnce>
    </Section>
  )
}
