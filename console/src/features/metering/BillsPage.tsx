import { DownloadOutlined } from '@ant-design/icons'
import { Button, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got, Item } from '@/api/types'
import type { Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Hash, Money, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Bill = Item<'/api/v1/metering/organisations/{organisation}/bills'>
type Line = Got<'/api/v1/metering/bills/{bill_id}'>['lines'][number]

function Lines({ lines }: { lines: Line[] }) {
  const { t } = useTranslation('metering')
  return (
    <Table<Line>
      size="small"
      rowKey={(line) => `${line.resource} ${line.model} ${line.unit_micro} ${line.payee} ${line.late}`}
      pagination={false}
      dataSource={lines}
      locale={{ emptyText: t('bills.noLines') }}
      columns={[
        {
          title: t('usage.resource'),
          render: (_, line) => (
            <>
              <code>{line.resource}</code>
              {line.late && <span className="faint"> · {t('bills.late')}</span>}
            </>
          ),
        },
        { title: t('usage.model'), dataIndex: 'model' },
        {
          title: t('usage.quantity'),
          align: 'right',
          render: (_, line) => <span className="num">{line.quantity}</span>,
        },
        {
          title: t('usage.price'),
          align: 'right',
          render: (_, line) => (
            <>
              <Money micro={line.unit_micro} /> / <span className="num">{line.per}</span>
            </>
          ),
        },
        { title: t('usage.cost'), align: 'right', render: (_, line) => <Money micro={line.cost_micro} /> },
        { title: t('bills.byWallet'), align: 'right', render: (_, line) => <Money micro={line.wallet_micro} /> },
        { title: t('bills.payable'), align: 'right', render: (_, line) => <Money micro={line.payable_micro} /> },
      ]}
    />
  )
}

function BillLines({ id }: { id: string }) {
  const query = $api.useQuery('get', '/api/v1/metering/bills/{bill_id}', { params: { path: { bill_id: id } } })
  if (query.error) return <ProblemView error={query.error} />
  return query.data ? <Lines lines={query.data.lines} /> : <div style={{ minHeight: 80 }} />
}

function Preview({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const query = $api.useQuery('get', '/api/v1/metering/organisations/{organisation}/bills/preview', {
    params: { path: { organisation: organisation.id } },
  })
  if (!query.data) return query.error ? <ProblemView error={query.error} /> : null
  return (
    <Section
      title={t('bills.preview', { period: query.data.period })}
      extra={<Money micro={query.data.payable_micro} />}
    >
      <Lines lines={query.data.lines} />
    </Section>
  )
}

function Bills({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const list = useListState([])
  const query = $api.useQuery('get', '/api/v1/metering/organisations/{organisation}/bills', {
    params: {
      path: { organisation: organisation.id },
      query: { sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 24 },
    },
  })
  const columns: Column<Bill>[] = [
    { title: t('bills.period'), render: (_, row) => <strong className="num">{row.period}</strong> },
    { title: t('bills.number'), render: (_, row) => <code>{row.number}</code> },
    { title: t('usage.cost'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
    { title: t('bills.byWallet'), align: 'right', render: (_, row) => <Money micro={row.wallet_micro} /> },
    { title: t('bills.payable'), align: 'right', render: (_, row) => <Money micro={row.payable_micro} /> },
    { title: t('bills.digest'), render: (_, row) => <Hash value={row.digest} /> },
    { title: t('bills.issued'), render: (_, row) => <Time value={row.issued_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <Button
          size="small"
          icon={<DownloadOutlined />}
          href={`/api/v1/metering/bills/${row.id}/export?format=csv`}
          download
          aria-label={t('usage.export')}
        />
      ),
    },
  ]
  return (
    <>
      <Preview organisation={organisation} />
      <DataTable
        label={t('bills.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        expand={(row) => <BillLines id={row.id} />}
        empty={<EmptyState title={t('bills.none')} next={t('bills.next')} />}
      />
    </>
  )
}

export function Component() {
  const { t } = useTranslation('metering')
  return (
    <OrganisationFrame title={t('bills.title')} description={t('bills.description')}>
      {(organisation) => <Bills organisation={organisation} />}
    </OrganisationFrame>
  )
}
