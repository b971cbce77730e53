import { Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Status } from '@/ui/Status'

type Organisation = Item<'/api/v1/organisations'>

export function Component() {
  const { t } = useTranslation('administration')
  const { t: organisation } = useTranslation('organisation')
  const list = useListState(['q'])
  const query = $api.useQuery(
    'get',
    '/api/v1/organisations',
    {
      params: {
        query: { q: list.filters.q, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 30 },
      },
    },
    { placeholderData: (held) => held },
  )
  const verify = async (row: Organisation) => {
    const init = { params: { path: { organisation: row.id } } }
    const path = '/api/v1/organisations/{organisation}/verification'
    await (row.verified_at ? api.DELETE(path, init) : api.PUT(path, init))
    await query.refetch()
  }
  const columns: Column<Organisation>[] = [
    {
      title: t('organisations.name'),
      sort: 'name',
      render: (_, row) => (
        <>
          {row.display_name} <span className="faint">@{row.name}</span>
        </>
      ),
    },
    { title: t('organisations.kind'), render: (_, row) => organisation(`kind.${row.kind}`) },
    { title: t('organisations.code'), render: (_, row) => <code>{row.credit_code ?? '—'}</code> },
    {
      title: t('organisations.verified'),
      render: (_, row) =>
        row.verified_at ? (
          <Time value={row.verified_at} />
        ) : (
          <Status value="pending" label={t('organisations.unverified')} />
        ),
    },
    { title: t('account.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        row.kind !== 'personal' && (
          <Popconfirm
            title={t(row.verified_at ? 'organisations.withdrawAsk' : 'organisations.verifyAsk', {
              name: row.display_name,
            })}
            onConfirm={() => void verify(row)}
          >
            <Button size="small">{t(row.verified_at ? 'organisations.withdraw' : 'organisations.verify')}</Button>
          </Popconfirm>
        ),
    },
  ]
  return (
    <Page title={t('organisations.title')} description={t('organisations.description')}>
      <DataTable
        label={t('organisations.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[{ name: 'q', label: t('organisations.search') }]}
        empty={<EmptyState title={t('organisations.none')} />}
      />
    </Page>
  )
}
