import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Got } from '@/api/types'
import { Decimal, Duration, Money, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Attempt = Got<'/api/v1/compute/tasks/{task_id}'>['attempts'][number]

type Charge = Attempt['charges'][number]

/** Micro-yuan for an hour of one accelerator or processor; of the price list's, as it was charged. */
function hourPrice(charge: Charge): number | null {
  if (charge.unit_micro !== null && charge.per !== null) return Math.round((charge.unit_micro * 3600) / charge.per)
  const quantity = Number(charge.quantity)
  return quantity > 0 ? Math.round((charge.cost_micro * 3600) / quantity) : null
}

const moment = (seconds: number) => new Date(seconds * 1000).toISOString()

const CORE = 'compute.core_second'
const DEVICE = 'compute.device_second.'

/** What the tries were charged with, try by try and part by part: a part has one price, an offer's or the price
 *  list's. */
export function TaskBill({ attempts }: { attempts: Attempt[] }) {
  const { t } = useTranslation('tasks')
  const parts = attempts.flatMap((attempt, number) =>
    attempt.charges.map((charge, at) => ({
      ...charge,
      key: `${attempt.key}/${at}`,
      number: number + 1,
      offer: attempt.offer,
      charged: attempt.charged,
      alone: !attempt.charges.some((each) => each.resource.startsWith(DEVICE)),
      rows: at === 0 ? attempt.charges.length : 0,
    })),
  )
  const total = parts.reduce((sum, part) => sum + part.cost_micro, 0)
  if (parts.length === 0) return null
  return (
    <Section title={t('bill.title')} note={t('bill.note')} flush>
      <Table
        aria-label={t('bill.title')}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowKey={(row) => row.key}
        dataSource={parts}
        columns={[
          { title: t('bill.try'), onCell: (row) => ({ rowSpan: row.rows }), render: (_, row) => row.number },
          {
            title: t('bill.device'),
            render: (_, row) =>
              row.resource.startsWith(DEVICE)
                ? `${row.resource.slice(DEVICE.length)} × ${Number(row.charged)}`
                : row.resource === CORE
                  ? `${t('cpus')}${row.alone ? ` × ${Number(row.charged)}` : ''}`
                  : row.resource,
          },
          { title: t('bill.from'), render: (_, row) => <Time value={moment(row.start)} full /> },
          { title: t('bill.until'), render: (_, row) => <Time value={moment(row.end)} full /> },
          { title: t('seconds'), align: 'right', render: (_, row) => <Duration seconds={row.end - row.start} /> },
          {
            title: t('bill.quantity'),
            align: 'right',
            render: (_, row) => <Decimal value={Number(row.quantity)} digits={3} />,
          },
          {
            title: t('bill.tariff'),
            render: (_, row) => {
              const word = t(`bill.tariffs.${row.tariff}`, { defaultValue: row.tariff })
              const ofOffer = row.offer && ['offer', 'spot'].includes(row.tariff)
              return ofOffer ? <Link to={`/compute/offers/${row.offer}`}>{word}</Link> : word
            },
          },
          {
            title: t('bill.price'),
            align: 'right',
            render: (_, row) => {
              const hour = hourPrice(row)
              return hour === null ? '—' : <Money micro={hour} />
            },
          },
          { title: t('bill.cost'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
        ]}
        summary={() => (
          <Table.Summary.Row>
            <Table.Summary.Cell index={0} colSpan={8}>
              {t('bill.whole')}
            </Table.Summary.Cell>
            <Table.Summary.Cell index={8} align="right">
              <Money micro={total} />
            </Table.Summary.Cell>
          </Table.Summary.Row>
        )}
      />
    </Section>
  )
}
