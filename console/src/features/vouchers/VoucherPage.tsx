import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api } from '@/api/client'
import { WalletStatement } from '@/features/metering/WalletStatement'
import { WorkflowPanel } from '@/features/workflow/WorkflowPanel'
import { useBilingual } from '@/lib/text'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Money, Stat, Stats, Time } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

import { VoucherState } from './VouchersPage'

export function Component() {
  const { t } = useTranslation('vouchers')
  const text = useBilingual()
  const { voucherId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/vouchers/{voucher_id}', { params: { path: { voucher_id: voucherId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const voucher = query.data
  if (!voucher) return <Loading />
  const spent =
    voucher.granted_micro === null || voucher.left_micro === null ? null : voucher.granted_micro - voucher.left_micro
  return (
    <Page
      title={text(voucher, 'scheme')}
      crumbs={[{ label: t('title'), to: '/programmes/vouchers' }, { label: text(voucher, 'scheme') }]}
      badges={<VoucherState state={voucher.state} />}
    >
      <Stats>
        <Stat label={t('asked')} value={<Money micro={voucher.asked_micro} />} />
        <Stat label={t('granted')} value={<Money micro={voucher.granted_micro} />} />
        <Stat label={t('spent')} value={<Money micro={spent} />} />
        <Stat
          label={t('left')}
          value={<Money micro={voucher.left_micro} />}
          tone={voucher.left_micro === 0 ? 'bad' : 'good'}
        />
      </Stats>
      <WorkflowPanel instanceId={voucher.workflow_id} onMoved={() => query.refetch()} />
      {voucher.wallet_id && <WalletStatement walletId={voucher.wallet_id} />}
      <Section title={t('application')}>
        <Facts
          columns={2}
          facts={[
            { label: t('purpose'), value: voucher.purpose },
            { label: t('column.created'), value: <Time value={voucher.created_at} full /> },
            { label: t('decided'), value: voucher.decided_at ? <Time value={voucher.decided_at} full /> : null },
            { label: t('expires'), value: voucher.expires_at ? <Time value={voucher.expires_at} full /> : null },
          ]}
        />
      </Section>
    </Page>
  )
}
