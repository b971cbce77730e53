import { Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import type { Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Hash, Money, Time } from '@/ui/Figures'

type Entry = Item<'/api/v1/metering/organisations/{organisation}/entries'>
type Posting = Entry['postings'][number]

/** The sides of an entry; their sum is always zero. */
export function Postings({ entry }: { entry: Entry }) {
  const { t } = useTranslation('metering')
  const sum = entry.postings.reduce((total, posting) => total + posting.amount_micro, 0)
  return (
    <div className="stack" style={{ gap: 8 }}>
      <Table<Posting>
        size="small"
        rowKey="account_id"
        pagination={false}
        dataSource={entry.postings}
        columns={[
          {
            title: t('ledger.account'),
            render: (_, row) => (
              <>
                {t(`account.${row.kind}`, { defaultValue: row.kind })}{' '}
                <span className="faint mono">
                  {row.owner} {row.ref}
                </span>
              </>
            ),
          },
          { title: t('amount'), align: 'right', render: (_, row) => <Money micro={row.amount_micro} /> },
          { title: t('after'), align: 'right', render: (_, row) => <Money micro={row.balance_after_micro} /> },
        ]}
        summary={() => (
          <Table.Summary.Row>
            <Table.Summary.Cell index={0}>{t('ledger.sum')}</Table.Summary.Cell>
            <Table.Summary.Cell index={1} align="right">
              <strong>
                <Money micro={sum} />
              </strong>
            </Table.Summary.Cell>
            <Table.Summary.Cell index={2} />
          </Table.Summary.Row>
        )}
      />
      {entry.note && <span className="soft">{entry.note}</span>}
    </div>
  )
}

function Entries({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const list = useListState(['kind'])
  const query = $api.useQuery(
    'get',
    '/api/v1/metering/organisations/{organisation}/entries',
    {
      params: {
        path: { organisation: organisation.id },
        query: { kind: list.filters.kind, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 30 },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Entry>[] = [
    { title: t('at'), render: (_, row) => <Time value={row.at} full /> },
    { title: t('kind'), render: (_, row) => t(`entry.${row.kind}`, { defaultValue: row.kind }) },
    {
      title: t('ledger.reference'),
      render: (_, row) => (
        <div className="truncate mono" style={{ maxWidth: 300 }}>
          {row.reference}
        </div>
      ),
    },
    {
      title: t('ledger.moved'),
      align: 'right',
      render: (_, row) => (
        <Money micro={row.postings.reduce((total, posting) => total + Math.max(0, posting.amount_micro), 0)} />
      ),
    },
    { title: 'ID', render: (_, row) => <Hash value={row.id} length={14} /> },
  ]
  return (
    <DataTable
      label={t('ledger.title')}
      query={query}
      columns={columns}
      rowKey={(row) => row.id}
      list={list}
      filters={[{ name: 'kind', label: t('kind') }]}
      expand={(row) => <Postings entry={row} />}
      empty={<EmptyState title={t('ledger.none')} next={t('ledger.next')} />}
    />
  )
}

export function Component() {
  const { t } = useTranslation('metering')
  return (
    <OrganisationFrame title={t('ledger.title')} description={t('ledger.description')}>
      {(organisation) => <Entries organisation={organisation} />}
    </OrganisationFrame>
  )
}
