import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Element } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { DataTable, type Column } from '@/ui/DataTable'
import { Count, Money } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

type KindSum = Element<'/api/v1/metering/books'>

/** Whether the books balance: all accounts by kind, and a check of every entry. */
export function Component() {
  const { t } = useTranslation('metering')
  const { message } = App.useApp()
  const query = $api.useQuery('get', '/api/v1/metering/books')
  const columns: Column<KindSum>[] = [
    { title: t('ledger.account'), render: (_, row) => t(`account.${row.kind}`, { defaultValue: row.kind }) },
    { title: t('books.accounts'), align: 'right', render: (_, row) => <Count value={row.accounts} /> },
    { title: t('after'), align: 'right', render: (_, row) => <Money micro={row.balance_micro} /> },
  ]
  const check = async () => {
    try {
      const { data } = await api.POST('/api/v1/metering/books/check')
      const id = (data as { job_id?: string } | undefined)?.job_id
      void message.success(
        <>
          {t('books.started')} {id && <Link to={`/jobs/${id}`}>{id}</Link>}
        </>,
      )
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <Page
      title={t('books.title')}
      description={t('books.description')}
      actions={<Button onClick={() => void check()}>{t('books.check')}</Button>}
    >
      {query.error !== null && <ProblemView error={query.error} />}
      <DataTable<KindSum>
        label={t('books.sums')}
        query={{ ...query, data: query.data && { items: query.data } }}
        columns={columns}
        rowKey={(row) => row.kind}
        empty={null}
      />
      <p>
        {t('books.total')} <Money micro={(query.data ?? []).reduce((sum, row) => sum + row.balance_micro, 0)} />
      </p>
      <Snippet
        sources={[
          {
            label: 'HTTP',
            code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" ${location.origin}/api/v1/metering/books`,
          },
        ]}
      />
    </Page>
  )
}
