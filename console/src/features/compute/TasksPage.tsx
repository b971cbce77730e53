import { PlusOutlined } from '@ant-design/icons'
import { Alert, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Duration, Money, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { NewTask } from './TaskForm'

type Task = Item<'/api/v1/compute/tasks'>

const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled']
const EXAMPLE = `name: hello
command: echo hello
resources: {cpus: 1, memory_gib: 1}
time_limit_s: 600`

/** Says so where tasks are not kept from the platform's files. */
export function IsolationNote() {
  const { t } = useTranslation('tasks')
  const { data } = $api.useQuery('get', '/api/v1/compute/tasks/place', {}, { staleTime: Infinity })
  if (!data || data.isolated) return null
  return <Alert type="warning" showIcon title={t('notIsolated')} />
}

export function Component() {
  const { t } = useTranslation('tasks')
  const { organisation } = usePreferences()
  const list = useListState(['state'])
  const [starting, setStarting] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/tasks',
    {
      params: {
        query: {
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
  const columns: Column<Task>[] = [
    { title: t('name'), sort: 'name', render: (_, row) => <Link to={`/compute/tasks/${row.id}`}>{row.name}</Link> },
    { title: t('state'), render: (_, row) => <Status value={row.closing ? 'cancelling' : row.state} /> },
    { title: t('pools.pool'), render: (_, row) => row.pool || <span className="faint">—</span> },
    { title: t('seconds'), align: 'right', render: (_, row) => <Duration seconds={row.seconds} /> },
    {
      title: t('cost'),
      sort: 'cost_micro',
      align: 'right',
      render: (_, row) => <Money micro={row.cost_so_far_micro} />,
    },
    { title: t('created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setStarting(true)}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      <IsolationNote />
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('state'),
            options: STATES.map((value) => ({ value, label: <Status value={value} /> })),
          },
        ]}
        empty={
          <EmptyState title={t('none')} next={t('next')} action={button}>
            <Snippet
              sources={[
                { label: 'YAML', code: EXAMPLE },
                { label: 'CLI', code: `ceyuan task run hello.yaml --org ${organisation ?? 'ORG'} --follow` },
              ]}
            />
          </EmptyState>
        }
      />
      <NewTask open={starting} onClose={() => setStarting(false)} />
    </Page>
  )
}
