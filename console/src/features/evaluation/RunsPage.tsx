import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Percent, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { NewRun } from './NewRun'
import { summaryOf } from './summary'

type Run = Item<'/api/v1/evaluation/runs'>

const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export function Component() {
  const { t } = useTranslation('evaluation')
  const { organisation } = usePreferences()
  const list = useListState(['text', 'state'])
  const [creating, setCreating] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/evaluation/runs',
    {
      params: {
        query: {
          text: list.filters.text,
          state: list.filters.state,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 5000 },
  )
  const columns: Column<Run>[] = [
    {
      title: t('column.name'),
      sort: 'name',
      render: (_, run) => <Link to={`/evaluation/runs/${run.id}`}>{run.name}</Link>,
    },
    { title: t('column.state'), render: (_, run) => <Status value={run.state} /> },
    {
      title: t('column.accuracy'),
      render: (_, run) =>
        summaryOf(run.summary)?.models.map((model) => (
          <div key={model.model}>
            {model.model} <Percent ratio={model.accuracy.value} />
          </div>
        )),
    },
    {
      title: t('column.perplexity'),
      render: (_, run) =>
        summaryOf(run.summary)?.perplexity.map((one) => (
          <div key={one.model} className="num">
            {one.value.toFixed(1)}
          </div>
        )),
    },
    { title: t('column.created'), sort: 'created_at', render: (_, run) => <Time value={run.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {t('new.title')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(run) => run.id}
        list={list}
        filters={[
          { name: 'text', label: t('column.name') },
          {
            name: 'state',
            label: t('column.state'),
            options: STATES.map((value) => ({ value, label: <Status value={value} /> })),
          },
        ]}
        empty={
          <EmptyState title={t('empty.title')} next={t('empty.next')} action={button}>
            <Snippet
              sources={[
                {
                  label: 'HTTP',
                  code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" ${location.origin}/api/v1/evaluation/families`,
                },
              ]}
            />
          </EmptyState>
        }
      />
      <NewRun open={creating} onClose={() => setCreating(false)} />
    </Page>
  )
}
