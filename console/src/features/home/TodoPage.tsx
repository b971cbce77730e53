import { useQueryClient } from '@tanstack/react-query'
import { Button, Segmented } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { useListState } from '@/lib/listState'
import { ProblemView } from '@/ui/Feedback'
import { NoticeList } from '@/ui/NoticeList'
import { Page, Section } from '@/ui/Page'
import { Pager } from '@/ui/Pager'

const VIEWS = ['todo', 'unread', 'all'] as const

export function Component() {
  const { t } = useTranslation('home')
  const { t: common } = useTranslation()
  const queries = useQueryClient()
  const list = useListState(['view'])
  const view = list.filters.view ?? 'all'
  const query = $api.useQuery(
    'get',
    '/api/v1/notices',
    {
      params: {
        query: { todo: view === 'todo', unread: view === 'unread', cursor: list.cursor ?? undefined, limit: 30 },
      },
    },
    { placeholderData: (held) => held },
  )
  const readAll = async () => {
    await api.POST('/api/v1/notices/read')
    await queries.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).startsWith('/api/v1/notices') })
  }
  return (
    <Page
      title={t('inbox.title')}
      description={t('inbox.description')}
      actions={<Button onClick={() => void readAll()}>{common('inbox.readAll')}</Button>}
    >
      <div>
        <Segmented
          value={view}
          onChange={(value) => list.setFilter('view', value === 'all' ? null : value)}
          options={VIEWS.map((value) => ({ value, label: t(`inbox.${value}`) }))}
        />
      </div>
      {query.error !== null && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      <Section flush>
        <div style={{ minHeight: 220 }}>
          {query.data && <NoticeList notices={query.data.items} empty={t(`inbox.none.${view}`)} />}
        </div>
        <Pager list={list} next={query.data?.next} />
      </Section>
    </Page>
  )
}
