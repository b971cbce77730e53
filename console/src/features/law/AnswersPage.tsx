import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'

import { AnswerFoot } from './AnswerFoot'
import { AnswerText } from './AnswerText'

type Row = Item<'/api/v1/law/answers'>

/** An assistant's answers so far, with their ratings. */
export function Component() {
  const { t } = useTranslation('law')
  const { assistantId = '' } = useParams()
  const list = useListState(['rating'])
  const rating = list.filters.rating ? Number(list.filters.rating) : undefined
  const query = $api.useQuery(
    'get',
    '/api/v1/law/answers',
    {
      params: {
        query: {
          assistant_id: assistantId,
          rating,
          cursor: list.cursor ?? undefined,
          sort: list.sort ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Row>[] = [
    { title: t('answers.question'), render: (_, row) => row.question },
    { title: t('answers.kind'), render: (_, row) => t(`kind.${row.kind}`) },
    {
      title: t('answers.rating'),
      render: (_, row) =>
        row.good + row.bad === 0
          ? '—'
          : [row.good > 0 && `${t('rating.good')} ${row.good}`, row.bad > 0 && `${t('rating.bad')} ${row.bad}`]
              .filter(Boolean)
              .join(' · '),
    },
    { title: t('answers.comment'), render: (_, row) => row.comment },
    { title: t('answers.at'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  return (
    <Page
      title={t('answers.title')}
      description={t('answers.description')}
      crumbs={[{ label: t('title'), to: '/scenarios/law' }, { label: t('answers.title') }]}
      actions={<Link to={`/scenarios/law/${assistantId}`}>{t('ask')}</Link>}
    >
      <DataTable
        label={t('answers.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'rating',
            label: t('answers.rating'),
            options: [
              { value: '1', label: t('rating.good') },
              { value: '-1', label: t('rating.bad') },
            ],
          },
        ]}
        expand={(row) => (
          <div className="stack" style={{ gap: 8, maxWidth: 860 }}>
            <AnswerText answer={row} chosen={null} onChoose={() => undefined} />
            <div className="row">
              <AnswerFoot answer={row} onRated={() => void query.refetch()} />
            </div>
          </div>
        )}
        empty={<EmptyState title={t('answers.none')} next={t('answers.next')} />}
      />
    </Page>
  )
}
