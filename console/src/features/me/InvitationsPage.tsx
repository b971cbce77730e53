import { useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { SESSION_KEY } from '@/app/sessionQuery'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'

type Invitation = Item<'/api/v1/invitations'>

/** The invitations that wait for oneself. */
export function Component() {
  const { t } = useTranslation('me')
  const { t: common } = useTranslation()
  const queries = useQueryClient()
  const query = $api.useQuery('get', '/api/v1/invitations')
  const settle = async (id: string, answer: 'accept' | 'decline') => {
    const init = { params: { path: { invitation_id: id } } }
    if (answer === 'accept') await api.POST('/api/v1/invitations/{invitation_id}/accept', init)
    else await api.POST('/api/v1/invitations/{invitation_id}/decline', init)
    await Promise.all([query.refetch(), queries.invalidateQueries({ queryKey: SESSION_KEY })])
  }
  const columns: Column<Invitation>[] = [
    { title: t('invitations.organisation'), render: (_, row) => row.organisation_title ?? row.organisation },
    { title: t('invitations.role'), render: (_, row) => common(`role.${row.role}`) },
    { title: t('invitations.by'), dataIndex: 'invited_by' },
    { title: t('invitations.until'), render: (_, row) => <Time value={row.expires_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          <Button type="primary" size="small" onClick={() => void settle(row.id, 'accept')}>
            {t('invitations.accept')}
          </Button>
          <Button size="small" onClick={() => void settle(row.id, 'decline')}>
            {t('invitations.decline')}
          </Button>
        </span>
      ),
    },
  ]
  return (
    <Page title={t('invitations.title')} description={t('invitations.description')}>
      <DataTable
        label={t('invitations.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('invitations.none')} next={t('invitations.next')} />}
      />
    </Page>
  )
}
