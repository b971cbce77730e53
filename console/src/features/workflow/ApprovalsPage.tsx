import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Status, type Tone } from '@/ui/Status'

type Instance = Item<'/api/v1/workflows/instances'>

export const KIND_TONES: Record<Instance['kind'], Tone> = {
  start: 'neutral',
  normal: 'active',
  good: 'good',
  bad: 'bad',
}

export function Component() {
  const { t } = useTranslation('workflow')
  const text = useBilingual()
  const list = useListState(['view', 'definition'])
  const all = list.filters.view === 'all'
  const page = { sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 30 }
  const tasks = $api.useQuery('get', '/api/v1/workflows/tasks', { params: { query: page } }, { enabled: !all })
  const instances = $api.useQuery(
    'get',
    '/api/v1/workflows/instances',
    { params: { query: { ...page, definition: list.filters.definition } } },
    { enabled: all },
  )
  const definitions = $api.useQuery('get', '/api/v1/workflows/definitions', {}, { staleTime: Infinity })
  const query = all ? instances : tasks
  const columns: Column<Instance>[] = [
    {
      title: t('column.what'),
      render: (_, row) => (
        <div>
          <Link to={row.link || `/approvals/${row.id}`}>{text(row, 'title')}</Link>
          <div className="faint">{text(row, 'definition')}</div>
        </div>
      ),
    },
    {
      title: t('column.state'),
      render: (_, row) => <Status value={row.state} tone={KIND_TONES[row.kind]} label={text(row, 'label')} />,
    },
    { title: t('column.entered'), render: (_, row) => <Time value={row.entered_at} /> },
    { title: t('column.due'), render: (_, row) => (row.ended_at ? '—' : <Time value={row.due_at} />) },
    { title: '', align: 'right', render: (_, row) => <Link to={`/approvals/${row.id}`}>{t('open')}</Link> },
  ]
  return (
    <Page title={t('approvals.title')} description={t('approvals.description')}>
      <DataTable
        label={t('approvals.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        extra={
          <Segmented
            value={all ? 'all' : 'mine'}
            onChange={(value) => list.setFilter('view', value === 'all' ? 'all' : null)}
            options={['mine', 'all'].map((value) => ({ value, label: t(`view.${value}`) }))}
          />
        }
        filters={
          all
            ? [
                {
                  name: 'definition',
                  label: t('column.kind'),
                  options: (definitions.data ?? []).map((row) => ({ value: row.name, label: text(row, 'title') })),
                },
              ]
            : []
        }
        empty={<EmptyState title={t('approvals.none')} next={t('approvals.next')} />}
      />
    </Page>
  )
}
