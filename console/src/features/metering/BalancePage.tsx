import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Progress } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { serves, useSession, type Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Money, Percent, Stat, Stats, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { WalletStatement } from './WalletStatement'

type Wallet = Item<'/api/v1/metering/organisations/{organisation}/wallets'>
type TopUp = Sent<'/api/v1/metering/organisations/{organisation}/top-ups'>

function Wallets({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const query = $api.useQuery('get', '/api/v1/metering/organisations/{organisation}/wallets', {
    params: { path: { organisation: organisation.id }, query: { limit: 100 } },
  })
  const columns: Column<Wallet>[] = [
    {
      title: t('wallet.label'),
      render: (_, row) => (
        <>
          {row.label || row.reference}
          <div className="faint mono">
            {row.resources.join(' ')} · {row.models.join(' ')}
          </div>
        </>
      ),
    },
    { title: t('wallet.state'), render: (_, row) => <Status value={row.state} /> },
    {
      title: t('wallet.left'),
      render: (_, row) => (
        <div style={{ minWidth: 170 }}>
          <Money micro={row.balance_micro} />{' '}
          <span className="faint">
            / <Money micro={row.issued_micro} />
          </span>
          <Progress
            size="small"
            showInfo={false}
            percent={Math.round((100 * row.balance_micro) / Math.max(1, row.issued_micro))}
            aria-label={t('wallet.left')}
          />
        </div>
      ),
    },
    {
      title: t('wallet.share'),
      align: 'right',
      render: (_, row) => <Percent ratio={row.share_bp / 10_000} digits={0} />,
    },
    { title: t('wallet.until'), render: (_, row) => <Time value={row.valid_to} /> },
  ]
  return (
    <Section title={t('wallet.title')} note={t('wallet.note')} flush>
      <DataTable
        bare
        label={t('wallet.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        expand={(row) => <WalletStatement walletId={row.id} />}
        empty={<EmptyState title={t('wallet.none')} next={t('wallet.next')} />}
      />
    </Section>
  )
}

function Balance({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('metering')
  const session = useSession()
  const [open, setOpen] = useState(false)
  const params = { path: { organisation: organisation.id } }
  const query = $api.useQuery('get', '/api/v1/metering/organisations/{organisation}/balance', { params })
  const topUp = async (body: TopUp) => {
    await api.POST('/api/v1/metering/organisations/{organisation}/top-ups', {
      params,
      body: { ...body, note: body.note ?? '' },
    })
    await query.refetch()
  }
  if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  const balance = query.data
  const low = balance !== undefined && balance.available_micro < balance.low_balance_micro
  return (
    <>
      <Stats>
        <Stat
          label={t('balance.available')}
          value={<Money micro={balance?.available_micro} />}
          tone={low ? 'bad' : 'good'}
          note={low ? t('balance.low') : t('balance.availableNote')}
        />
        <Stat label={t('balance.general')} value={<Money micro={balance?.general_micro} />} />
        <Stat
          label={t('balance.wallets')}
          value={<Money micro={balance?.wallets_micro} />}
          note={t('balance.walletCount', { count: balance?.wallets ?? 0 })}
        />
        <Stat label={t('balance.held')} value={<Money micro={balance?.held_micro} />} note={t('balance.heldNote')} />
        <Stat label={t('balance.credit')} value={<Money micro={balance?.credit_limit_micro} />} />
      </Stats>
      {serves(session, 'operator') && (
        <div>
          <Button icon={<PlusOutlined />} onClick={() => setOpen(true)}>
            {t('topUp.title')}
          </Button>
        </div>
      )}
      <Wallets organisation={organisation} />
      <FormModal<TopUp>
        open={open}
        title={t('topUp.title')}
        note={t('topUp.note')}
        submit={t('topUp.title')}
        onSubmit={topUp}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="amount_micro" label={t('amount')} rules={[{ required: true }]}>
          <MoneyInput />
        </Form.Item>
        <Form.Item name="reference" label={t('topUp.reference')} rules={[{ required: true }]}>
          <Input maxLength={150} />
        </Form.Item>
        <Form.Item name="note" label={t('note')}>
          <Input maxLength={500} />
        </Form.Item>
      </FormModal>
    </>
  )
}

export function Component() {
  const { t } = useTranslation('metering')
  return (
    <OrganisationFrame title={t('balance.title')} description={t('balance.description')}>
      {(organisation) => <Balance organisation={organisation} />}
    </OrganisationFrame>
  )
}
