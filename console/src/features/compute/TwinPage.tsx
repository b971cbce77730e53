import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { OPEN_STATES } from '@/features/jobs/stream'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

type Study = Item<'/api/v1/compute/twin/studies'>

const EXAMPLE = `cat > plan.yaml <<'END'
fleet: {kind: ring}
workload: {kind: made_up, days: 7, load: 0.9, seed: 1}
scenarios:
  - {name: now}
  - {name: cheapest, placing: cheapest}
  - {name: cut, cut: [[beijing, neimenggu]]}
END
ceyuan twin run plan.yaml --org ORG --wait`

export function Component() {
  const { t } = useTranslation('twin')
  const navigate = useNavigate()
  const list = useListState([])
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/twin/studies',
    { params: { query: { sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 25 } } },
    {
      placeholderData: (held) => held,
      refetchInterval: (q) => (q.state.data?.items.some((row) => OPEN_STATES.has(row.state)) ? 3000 : false),
    },
  )
  const columns: Column<Study>[] = [
    { title: t('name'), sort: 'name', render: (_, row) => <Link to={`/compute/twin/${row.id}`}>{row.name}</Link> },
    { title: t('scenarios'), render: (_, row) => row.scenarios.join(' · ') },
    { title: t('tasks'), align: 'right', render: (_, row) => <Count value={row.tasks || null} /> },
    { title: t('state'), render: (_, row) => <Status value={row.state} /> },
    { title: t('created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => void navigate('/compute/twin/new')}>
      {t('new')}
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
        empty={<EmptyState title={t('none')} next={t('next')} action={button} />}
      />
      <Snippet sources={[{ label: 'CLI', code: EXAMPLE }]} />
    </Page>
  )
}
