import { MoreOutlined } from '@ant-design/icons'
import { App, Button, Dropdown, Form, Input, Select, Switch, type MenuProps } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useSession } from '@/app/session'
import { FormModal } from '@/ui/FormModal'

import type { Account } from './AccountsPage'

interface ActionsProps {
  account: Account
  duties: { value: string; label: string }[]
  onChanged: () => void
  onLink: (link: string) => void
}

type Rights = Pick<Account, 'is_admin' | 'duties'>

/** What an administrator may do with an account; each act is in the audit log. */
export function AccountActions({ account, duties, onChanged, onLink }: ActionsProps) {
  const { t } = useTranslation('administration')
  const { message, modal } = App.useApp()
  const session = useSession()
  const [dialogue, setDialogue] = useState<'rights' | 'act' | null>(null)
  const params = { path: { person: account.id } }
  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
      onChanged()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  const change = (body: { state: 'active' | 'suspended' }) =>
    attempt(() => api.PATCH('/api/v1/admin/accounts/{person}', { params, body }))
  const ask = (title: string, work: () => Promise<unknown>) =>
    modal.confirm({ title, onOk: () => attempt(work), okButtonProps: { danger: true } })
  const items: MenuProps['items'] = [
    { key: 'rights', label: t('act.rights'), onClick: () => setDialogue('rights') },
    {
      key: 'link',
      label: t('act.link'),
      onClick: () =>
        void attempt(async () => {
          const { data } = await api.POST('/api/v1/admin/accounts/{person}/reset-link', { params })
          if (data) onLink(data.link)
        }),
    },
    {
      key: 'out',
      label: t('act.signOut'),
      onClick: () =>
        ask(t('act.signOutAsk', { name: account.display_name }), () =>
          api.POST('/api/v1/admin/accounts/{person}/sign-out', { params }),
        ),
    },
    {
      key: 'factor',
      label: t('act.factor'),
      disabled: !account.second_factor,
      onClick: () =>
        ask(t('act.factorAsk', { name: account.display_name }), () =>
          api.DELETE('/api/v1/admin/accounts/{person}/second-factor', { params }),
        ),
    },
    { key: 'act', label: t('act.act'), disabled: account.id === session.id, onClick: () => setDialogue('act') },
    { type: 'divider' },
    account.state === 'suspended'
      ? { key: 'admit', label: t('act.admit'), onClick: () => void change({ state: 'active' }) }
      : {
          key: 'suspend',
          danger: true,
          label: t('act.suspend'),
          disabled: account.id === session.id,
          onClick: () => ask(t('act.suspendAsk', { name: account.display_name }), () => change({ state: 'suspended' })),
        },
  ]
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']} disabled={account.state === 'erased'}>
        <Button type="text" icon={<MoreOutlined />} aria-label={t('act.menu', { name: account.display_name })} />
      </Dropdown>
      <FormModal<Rights>
        open={dialogue === 'rights'}
        title={t('act.rightsOf', { name: account.display_name })}
        submit={t('act.save')}
        initial={account}
        onSubmit={async (body) => {
          await api.PATCH('/api/v1/admin/accounts/{person}', { params, body })
          onChanged()
        }}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="duties" label={t('account.duties')}>
          <Select mode="multiple" options={duties} />
        </Form.Item>
        <Form.Item name="is_admin" label={t('account.admin')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </FormModal>
      <FormModal<{ reason: string }>
        open={dialogue === 'act'}
        title={t('act.actAs', { name: account.display_name })}
        note={t('act.actNote')}
        submit={t('act.actDo')}
        danger
        onSubmit={async (body) => {
          await api.POST('/api/v1/admin/accounts/{person}/impersonation', { params, body })
          location.assign('/console/')
        }}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="reason" label={t('act.reason')} rules={[{ required: true, min: 3 }]}>
          <Input maxLength={300} />
        </Form.Item>
      </FormModal>
    </>
  )
}
