import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { DataTable, type Column } from '@/ui/DataTable'
import { Time } from '@/ui/Figures'
import { Json } from '@/ui/Json'
import { Status } from '@/ui/Status'

type Delivery = Item<'/api/v1/organisations/{organisation}/webhooks/{webhook_id}/deliveries'>

/** The calls of one webhook, newest first, with what went wrong and the way to make one again. */
export function Deliveries({ organisation, webhook }: { organisation: string; webhook: string }) {
  const { t } = useTranslation('organisation')
  const { message } = App.useApp()
  const path = { organisation, webhook_id: webhook }
  const query = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/webhooks/{webhook_id}/deliveries',
    { params: { path, query: { limit: 20 } } },
    { refetchInterval: 5_000 },
  )
  const again = async (row: Delivery) => {
    try {
      await api.POST('/api/v1/organisations/{organisation}/webhooks/{webhook_id}/deliveries/{delivery_id}/retry', {
        params: { path: { ...path, delivery_id: row.id } },
      })
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
    await query.refetch()
  }
  const columns: Column<Delivery>[] = [
    { title: t('delivery.topic'), render: (_, row) => <code>{row.topic}</code> },
    {
      title: t('delivery.state'),
      render: (_, row) => (
        <Status value={row.state} tone={row.state === 'sent' ? 'good' : undefined} label={t(`delivery.${row.state}`)} />
      ),
    },
    { title: t('delivery.attempts'), align: 'right', render: (_, row) => row.attempts },
    { title: t('delivery.at'), render: (_, row) => <Time value={row.done_at ?? row.created_at} /> },
    { title: t('delivery.fault'), render: (_, row) => row.last_error ?? '—' },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        row.state === 'failed' && (
          <Button size="small" onClick={() => void again(row)}>
            {t('delivery.again')}
          </Button>
        ),
    },
  ]
  return (
    <DataTable
      bare
      label={t('delivery.title')}
      query={query}
      columns={columns}
      rowKey={(row) => row.id}
      expand={(row) => <Json value={row.payload} />}
      empty={<span className="faint">{t('delivery.none')}</span>}
    />
  )
}
