import { PlusOutlined } from '@ant-design/icons'
import { Button, Progress } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Decimal, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { figuresOf } from './figures'
import { NewTraining } from './NewTraining'

type Training = Item<'/api/v1/training/runs'>

const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export function Component() {
  const { t } = useTranslation('training')
  const { organisation } = usePreferences()
  const list = useListState(['model', 'state'])
  const [creating, setCreating] = useState(false)
  const { model, state } = list.filters
  const query = $api.useQuery(
    'get',
    '/api/v1/training/runs',
    {
      params: {
        query: {
          model,
          state: state ? [state] : undefined,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 5000 },
  )
  const columns: Column<Training>[] = [
    {
      title: t('column.model'),
      sort: 'model',
      render: (_, run) => (
        <div>
          <Link to={`/models/trainings/${run.id}`}>{run.model}</Link>
          <div>
            <RevisionLink reference={run.dataset} />
          </div>
        </div>
      ),
    },
    { title: t('column.state'), sort: 'state', render: (_, run) => <Status value={run.state} /> },
    {
      title: t('column.steps'),
      width: 180,
      render: (_, run) => {
        const done = run.state === 'succeeded' ? run.steps : (figuresOf(run.summary).step ?? 0)
        return (
          <Progress
            size="small"
            percent={Math.floor((100 * done) / Math.max(1, run.steps))}
            format={() => `${done} / ${run.steps}`}
          />
        )
      },
    },
    { title: t('column.loss'), align: 'right', render: (_, run) => <Decimal value={figuresOf(run.summary).loss} /> },
    {
      title: t('column.perplexity'),
      align: 'right',
      render: (_, run) => <Decimal value={figuresOf(run.summary).perplexity} digits={1} />,
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
          { name: 'model', label: t('column.model') },
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
                  label: 'CLI',
                  code: 'ceyuan models train datasets/demo/corpus-zh@main demo/mini-zh --follow',
                },
              ]}
            />
          </EmptyState>
        }
      />
      <NewTraining open={creating} onClose={() => setCreating(false)} />
    </Page>
  )
}
