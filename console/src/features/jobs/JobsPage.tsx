import { Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Elapsed, Money, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { JobProgress } from './JobProgress'
import { OPEN_STATES, type Job } from './stream'

const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export function Component() {
  const { t } = useTranslation('jobs')
  const text = useBilingual()
  const { organisation } = usePreferences()
  const list = useListState(['text', 'state', 'all'])
  const { filters, sort, cursor } = list
  const query = $api.useQuery(
    'get',
    '/api/v1/jobs',
    {
      params: {
        query: {
          limit: 25,
          text: filters.text,
          state: filters.state ? [filters.state] : undefined,
          roots: filters.all !== 'true',
          org_id: organisation ?? undefined,
          sort: sort ?? undefined,
          cursor: cursor ?? undefined,
        },
      },
    },
    {
      placeholderData: (held) => held,
      refetchInterval: (q) => (q.state.data?.items.some((job) => OPEN_STATES.has(job.state)) ? 3000 : 15_000),
    },
  )
  const columns: Column<Job>[] = [
    {
      title: t('column.title'),
      render: (_, job) => (
        <div>
          <Link to={`/jobs/${job.id}`}>{text(job, 'title')}</Link>
          <div className="faint mono">{job.kind}</div>
        </div>
      ),
    },
    { title: t('column.state'), sort: 'state', render: (_, job) => <Status value={job.state} /> },
    {
      title: t('column.progress'),
      sort: 'progress',
      width: 190,
      render: (_, job) => <JobProgress job={job} compact />,
    },
    { title: t('column.elapsed'), render: (_, job) => <Elapsed start={job.started_at} end={job.finished_at} /> },
    { title: t('column.cost'), align: 'right', render: (_, job) => <Money micro={job.cost_micro} /> },
    { title: t('column.by'), dataIndex: 'created_by_label' },
    { title: t('column.created'), sort: 'created_at', render: (_, job) => <Time value={job.created_at} /> },
  ]
  return (
    <Page title={t('title')} description={t('description')}>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(job) => job.id}
        list={list}
        filters={[
          { name: 'text', label: t('filter.text') },
          {
            name: 'state',
            label: t('filter.state'),
            options: STATES.map((state) => ({ value: state, label: <Status value={state} /> })),
          },
        ]}
        extra={
          <label className="row soft">
            <Switch
              size="small"
              checked={filters.all === 'true'}
              onChange={(on) => list.setFilter('all', on ? 'true' : null)}
            />
            {t('filter.children')}
          </label>
        }
        empty={
          <EmptyState title={t('empty.title')} next={t('empty.next')}>
            <Snippet
              sources={[
                { label: 'CLI', code: 'ceyuan loop run\nceyuan jobs list' },
                { label: 'HTTP', code: 'curl -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  $CEYUAN_URL/api/v1/jobs' },
              ]}
            />
          </EmptyState>
        }
      />
    </Page>
  )
}
