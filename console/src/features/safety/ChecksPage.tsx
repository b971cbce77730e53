import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Percent, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { NewCheck } from './NewCheck'
import { summaryOf } from './summary'

type Check = Item<'/api/v1/safety/checks'>

const STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

/** The name of a part of a check: the corpus, or the answers of a model. */
export function usePartName(): (part: string) => string {
  const { t } = useTranslation('safety')
  return (part) => {
    const model = /^answers of (.+)$/.exec(part)?.[1]
    return model ? `${t('part.answers')} · ${model}` : t(`part.${part}`, { defaultValue: part })
  }
}

export function Verdict({ passed }: { passed: boolean | null }) {
  const { t } = useTranslation('safety')
  if (passed === null) return <span className="faint">—</span>
  return <Status value={passed ? 'passed' : 'failed'} label={t(passed ? 'passed' : 'notPassed')} />
}

export function Component() {
  const { t } = useTranslation('safety')
  const partName = usePartName()
  const list = useListState(['passed', 'state'])
  const [creating, setCreating] = useState(false)
  const { passed, state } = list.filters
  const query = $api.useQuery(
    'get',
    '/api/v1/safety/checks',
    {
      params: {
        query: {
          passed: passed === undefined ? undefined : passed === 'true',
          state,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 5000 },
  )
  const columns: Column<Check>[] = [
    {
      title: t('column.name'),
      sort: 'name',
      render: (_, row) => <Link to={`/governance/safety/${row.id}`}>{row.name}</Link>,
    },
    { title: t('column.state'), render: (_, row) => <Status value={row.state} /> },
    { title: t('column.verdict'), render: (_, row) => <Verdict passed={row.passed} /> },
    {
      title: t('column.rates'),
      render: (_, row) =>
        summaryOf(row.summary)?.parts.map((part) => (
          <div key={part.part}>
            {partName(part.part)} <Percent ratio={part.pass_rate.value} digits={2} />
          </div>
        )),
    },
    { title: t('column.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
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
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'passed',
            label: t('column.verdict'),
            options: [
              { value: 'true', label: t('passed') },
              { value: 'false', label: t('notPassed') },
            ],
          },
          {
            name: 'state',
            label: t('column.state'),
            options: STATES.map((value) => ({ value, label: <Status value={value} /> })),
          },
        ]}
        empty={
          <EmptyState title={t('empty.title')} next={t('empty.next')} action={button}>
            <Snippet sources={[{ label: 'CLI', code: 'ceyuan loop run' }]} />
          </EmptyState>
        }
      />
      <NewCheck open={creating} onClose={() => setCreating(false)} />
    </Page>
  )
}
