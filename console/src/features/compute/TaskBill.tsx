import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Got } from '@/api/types'
import { Decimal, Money, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Attempt = Got<'/api/v1/compute/tasks/{task_id}'>['attempts'][number]

const moment = (seconds: number) => new Date(seconds * 1000).toISOString()

/** What the tries were charged with, part by part: a part has one price, an offer's or the price list's. */
export function TaskBill({ attempts }: { attempts: Attempt[] }) {
  const { t } = useTranslation('tasks')
  const parts = attempts.flatMap((attempt) =>
    attempt.charges.map((charge, at) => ({ ...charge, key: `${attempt.key}/${at}`, offer: attempt.offer })),
  )
  if (parts.length === 0) return null
  return (
    <Section title={t('bill.title')} note={t('bill.note')} flush>
      <Table
        aria-label={t('bill.title')}
        size="small"
        pagination={parts.length > 20 ? { pageSize: 20 } : false}
        rowKey={(row) => row.key}
        dataSource={parts}
        columns={[
          { title: t('bill.resource'), render: (_, row) => <span className="mono">{row.resource}</span> },
          { title: t('bill.from'), render: (_, row) => <Time value={moment(row.start)} full /> },
          { title: t('bill.until'), render: (_, row) => <Time value={moment(row.end)} full /> },
          {
            title: t('bill.quantity'),
            align: 'right',
            render: (_, row) => <Decimal value={Number(row.quantity)} digits={3} />,
          },
          {
            title: t('bill.price'),
            align: 'right',
            render: (_, row) =>
              row.unit_micro === null || row.per === null ? (
                t('bill.list')
              ) : row.unit_micro === 0 ? (
                t('bill.included')
              ) : (
                <>
                  <Money micro={Math.round((row.unit_micro * 3600) / row.per)} /> /h{' '}
                  {row.offer && <Link to={`/compute/offers/${row.offer}`}>{t('bill.offer')}</Link>}
                </>
              ),
          },
          { title: t('bill.cost'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
        ]}
      />
    </Section>
  )
}
