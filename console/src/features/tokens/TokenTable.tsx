import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Popconfirm, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Item, Posted } from '@/api/types'
import { ROLES, type Role } from '@/app/session'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column, type ListQuery } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { SecretOnce } from '@/ui/SecretOnce'

type Token = Item<'/api/v1/tokens'>

interface Values {
  name: string
  scopes: string[]
  days: number | null
  role: Role
}

export interface NewToken {
  name: string
  scopes: string[]
  expires_at: string | null
  role: Role
}

interface TokenTableProps {
  query: ListQuery<Token>
  /** Whether the tokens are an organisation's programs', which have a role there. */
  service?: boolean
  /** Scopes to propose for a new token. */
  scopes?: string[]
  onCreate: (token: NewToken) => Promise<Posted<'/api/v1/tokens'> | undefined>
  onRevoke: (id: string) => Promise<unknown>
}

const DAYS = [30, 90, 365, null] as const
const DAY_MS = 86_400_000

function useColumns(service: boolean, revoke: (id: string) => void): Column<Token>[] {
  const { t } = useTranslation('tokens')
  const { t: common } = useTranslation()
  return [
    {
      title: t('column.name'),
      render: (_, token) => (
        <div>
          {token.name}
          <div className="faint mono">…{token.ending}</div>
        </div>
      ),
    },
    ...(service
      ? [
          {
            title: t('column.role'),
            render: (_: unknown, token: Token) => (token.role ? common(`role.${token.role}`) : '—'),
          },
        ]
      : []),
    {
      title: t('column.scopes'),
      render: (_, token) =>
        token.scopes.map((scope) => (
          <Tag key={scope} variant="filled">
            <code>{scope}</code>
          </Tag>
        )),
    },
    { title: t('column.created'), render: (_, token) => <Time value={token.created_at} /> },
    { title: t('column.used'), render: (_, token) => <Time value={token.used_at} /> },
    {
      title: t('column.expires'),
      render: (_, token) => (token.expires_at ? <Time value={token.expires_at} /> : t('never')),
    },
    {
      title: '',
      align: 'right',
      render: (_, token) => (
        <Popconfirm title={t('revokeAsk')} description={t('revokeNote')} onConfirm={() => revoke(token.id)}>
          <Button size="small" danger>
            {t('revoke')}
          </Button>
        </Popconfirm>
      ),
    },
  ]
}

function Fields({ service }: { service: boolean }) {
  const { t } = useTranslation('tokens')
  const { t: common } = useTranslation()
  const text = useBilingual()
  const { data: scopes } = $api.useQuery('get', '/api/v1/tokens/scopes')
  return (
    <>
      <Form.Item name="name" label={t('field.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={80} placeholder={t('field.nameHint')} />
      </Form.Item>
      {service && (
        <Form.Item name="role" label={t('field.role')} rules={[{ required: true }]}>
          <Select options={ROLES.map((role) => ({ value: role, label: common(`role.${role}`) }))} />
        </Form.Item>
      )}
      <Form.Item name="scopes" label={t('field.scopes')} extra={t('field.scopesNote')} rules={[{ required: true }]}>
        <Select
          mode="multiple"
          optionFilterProp="label"
          options={(scopes ?? []).map((scope) => ({
            value: scope.name,
            label: `${scope.name} · ${text(scope, 'title')}`,
          }))}
        />
      </Form.Item>
      <Form.Item name="days" label={t('field.expires')}>
        <Select
          options={DAYS.map((days) => ({ value: days, label: days ? t('days', { count: days }) : t('never') }))}
        />
      </Form.Item>
    </>
  )
}

/** Tokens, of a person or of an organisation's programs: made, shown once, revoked. */
export function TokenTable({ query, service = false, scopes, onCreate, onRevoke }: TokenTableProps) {
  const { t } = useTranslation('tokens')
  const [open, setOpen] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const columns = useColumns(service, (id) => void onRevoke(id).then(() => query.refetch()))
  const create = async ({ name, scopes: chosen, days, role }: Values) => {
    const expires = days ? new Date(Date.now() + days * DAY_MS).toISOString() : null
    const made = await onCreate({ name, scopes: chosen, role, expires_at: expires })
    setSecret(made?.secret ?? null)
    await query.refetch()
  }
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('create')}
    </Button>
  )
  const none = query.data?.items.length === 0
  return (
    <>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(token) => token.id}
        extra={none ? undefined : button}
        empty={<EmptyState title={t('empty.title')} next={t('empty.next')} action={button} />}
      />
      <FormModal<Values>
        open={open}
        title={t('create')}
        submit={t('create')}
        initial={{ days: 90, role: 'member', scopes: scopes ?? [] }}
        onSubmit={create}
        onClose={() => setOpen(false)}
      >
        <Fields service={service} />
      </FormModal>
      <SecretOnce title={t('made')} secret={secret} onClose={() => setSecret(null)} />
    </>
  )
}
