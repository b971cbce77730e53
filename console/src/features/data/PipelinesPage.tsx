import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { JobProgress } from '@/features/jobs/JobProgress'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Elapsed, Money, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { NewCorpus } from './NewCorpus'

type Job = Item<'/api/v1/jobs'>

const KINDS = ['data.corpus', 'data.pipeline', 'data.collect'] as const

const runPath = (kind: string, id: string) => (kind === 'data.collect' ? `/jobs/${id}` : `/data/pipelines/${id}`)

export function Component() {
  const { t } = useTranslation('data')
  const text = useBilingual()
  const { organisation } = usePreferences()
  const list = useListState(['kind'])
  const source = useSearchParams()[0].get('source')
  const [open, setOpen] = useState(source !== null)
  const query = $api.useQuery(
    'get',
    '/api/v1/jobs',
    {
      params: {
        query: {
          kind: list.filters.kind ? [list.filters.kind] : [...KINDS],
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 5000 },
  )
  const columns: Column<Job>[] = [
    { title: t('pipelines.run'), render: (_, job) => <Link to={runPath(job.kind, job.id)}>{text(job, 'title')}</Link> },
    { title: t('pipelines.state'), sort: 'state', render: (_, job) => <Status value={job.state} /> },
    { title: t('pipelines.progress'), width: 190, render: (_, job) => <JobProgress job={job} compact /> },
    { title: t('pipelines.elapsed'), render: (_, job) => <Elapsed start={job.started_at} end={job.finished_at} /> },
    { title: t('pipelines.cost'), align: 'right', render: (_, job) => <Money micro={job.cost_micro} /> },
    { title: t('pipelines.created'), sort: 'created_at', render: (_, job) => <Time value={job.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('pipelines.new')}
    </Button>
  )
  return (
    <Page title={t('pipelines.title')} description={t('pipelines.description')} actions={button}>
      <DataTable
        label={t('pipelines.title')}
        query={query}
        columns={columns}
        rowKey={(job) => job.id}
        list={list}
        filters={[
          {
            name: 'kind',
            label: t('pipelines.kind'),
            options: KINDS.map((value) => ({ value, label: t(`pipelineKind.${value.slice(5)}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('pipelines.none')} next={t('pipelines.next')} action={button}>
            <Snippet
              sources={[{ label: 'CLI', code: 'ceyuan data local ./texts ./corpus\nceyuan data sources registered' }]}
            />
          </EmptyState>
        }
      />
      <NewCorpus open={open} source={source} onClose={() => setOpen(false)} />
    </Page>
  )
}
