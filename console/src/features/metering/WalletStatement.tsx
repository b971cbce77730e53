import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { Money, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Movement = Got<'/api/v1/metering/wallets/{wallet_id}/statement'>['movements'][number]

export function useMovementColumns(): Column<Movement>[] {
  const { t } = useTranslation('metering')
  return [
    { title: '#', dataIndex: 'seq', width: 90, className: 'num' },
    { title: t('at'), render: (_, row) => <Time value={row.at} full /> },
    { title: t('kind'), render: (_, row) => t(`entry.${row.kind}`, { defaultValue: row.kind }) },
    {
      title: t('note'),
      render: (_, row) => (
        <div className="truncate" style={{ maxWidth: 340 }} title={row.reference ?? ''}>
          {row.note || row.reference}
        </div>
      ),
    },
    {
      title: t('amount'),
      align: 'right',
      render: (_, row) => (
        <span style={{ color: row.amount_micro < 0 ? 'var(--cy-cinnabar)' : 'var(--cy-bamboo)' }}>
          <Money micro={row.amount_micro} />
        </span>
      ),
    },
    { title: t('after'), align: 'right', render: (_, row) => <Money micro={row.balance_after_micro} /> },
  ]
}

/** What went into a wallet and out of it, with the balance after each movement. */
export function WalletStatement({ walletId }: { walletId: string }) {
  const { t } = useTranslation('metering')
  const list = useListState([])
  const columns = useMovementColumns()
  const query = $api.useQuery(
    'get',
    '/api/v1/metering/wallets/{wallet_id}/statement',
    { params: { path: { wallet_id: walletId }, query: { cursor: list.cursor ?? undefined, limit: 30 } } },
    { placeholderData: (held) => held },
  )
  return (
    <Section title={t('statement.title')} note={t('statement.note')} flush>
      <DataTable
        bare
        label={t('statement.title')}
        query={{ ...query, data: query.data && { items: query.data.movements, next: query.data.next } }}
        columns={columns}
        rowKey={(row) => String(row.seq)}
        list={list}
        empty={
          <p className="soft" style={{ padding: '8px 20px 20px' }}>
            {t('statement.none')}
          </p>
        }
      />
    </Section>
  )
}
