import { PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm, Space, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { holds, useSession } from '@/app/session'
import { useListState } from '@/lib/listState'
import { repositoryPath } from '@/lib/reference'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { NewMirror } from './NewMirror'

type Mirror = Item<'/api/v1/mirrors'>

/** What a mirror has taken: each revision with its commit there and its licence. */
function Taken({ mirror }: { mirror: Mirror }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/mirrors/{mirror_id}/taken', {
    params: { path: { mirror_id: mirror.id } },
  })
  if (data?.length === 0) return <span className="soft">{t('mirror.nothing')}</span>
  return (
    <ul>
      {data?.map((row) => {
        const [owner = '', name = ''] = row.repository.split('/')
        return (
          <li key={`${row.repository}@${row.revision}`}>
            <Link to={repositoryPath(row.kind, owner, name)}>{row.repository}</Link>@{row.revision} ←{' '}
            <code>{row.upstream_commit.slice(0, 12)}</code> · {t('mirror.files', { count: row.files })} ·{' '}
            {row.licence || t('mirror.noLicence')} · <Time value={row.taken_at} />
          </li>
        )
      })}
    </ul>
  )
}

/** Run and remove, for those who keep the mirror. */
function Actions({ mirror, onDone }: { mirror: Mirror; onDone: () => void }) {
  const { t } = useTranslation('hub')
  const { message } = App.useApp()
  const path = { mirror_id: mirror.id }
  const act = async (deed: () => Promise<unknown>) => {
    try {
      await deed()
      onDone()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <Space>
      <Button
        size="small"
        onClick={() => void act(() => api.POST('/api/v1/mirrors/{mirror_id}/runs', { params: { path } }))}
      >
        {t('mirror.run')}
      </Button>
      <Popconfirm
        title={t('mirror.removeNote')}
        onConfirm={() => act(() => api.DELETE('/api/v1/mirrors/{mirror_id}', { params: { path } }))}
      >
        <Button size="small" danger>
          {t('mirror.remove')}
        </Button>
      </Popconfirm>
    </Space>
  )
}

/** Mirrors of other hubs, when they run and how the last run went. */
export function Component() {
  const { t } = useTranslation('hub')
  const list = useListState([])
  const session = useSession()
  const queries = useQueryClient()
  const [making, setMaking] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/mirrors',
    { params: { query: { sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 30 } } },
    { placeholderData: (held) => held, refetchInterval: 10_000 },
  )
  const refresh = () => void queries.invalidateQueries({ queryKey: ['get', '/api/v1/mirrors'] })
  const columns: Column<Mirror>[] = [
    {
      title: t('mirror.source'),
      sort: 'source',
      render: (_, row) => (
        <>
          <strong>{row.source}</strong> <Tag variant="filled">{t(`mirror.kind.${row.kind}`)}</Tag>
          <div className="soft">
            {row.upstream} → {row.owner}
          </div>
        </>
      ),
    },
    {
      title: t('mirror.schedule'),
      render: (_, row) => (
        <>
          {row.every_hours ? t('mirror.every', { count: row.every_hours }) : t('mirror.onDemand')}
          {row.next_at && (
            <div className="soft">
              {t('mirror.next')} <Time value={row.next_at} />
            </div>
          )}
        </>
      ),
    },
    {
      title: t('mirror.last'),
      render: (_, row) => (
        <>
          {row.job_id && (
            <Link to={`/jobs/${row.job_id}`}>
              {row.checked_at ? <Time value={row.checked_at} /> : t('mirror.running')}
            </Link>
          )}
          {row.error && <div className="soft">{row.error}</div>}
        </>
      ),
    },
    {
      title: '',
      render: (_, row) => holds(session, row.org_id, 'maintainer') && <Actions mirror={row} onDone={refresh} />,
    },
  ]
  const begin = session.organisations.some(({ id }) => holds(session, id, 'maintainer')) && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('mirror.new')}
    </Button>
  )
  return (
    <Page title={t('mirror.title')} description={t('mirror.description')} actions={begin}>
      <DataTable
        label={t('mirror.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        expand={(row) => <Taken mirror={row} />}
        empty={
          <EmptyState title={t('mirror.none')} next={t('mirror.begin')}>
            <Snippet sources={[{ label: 'CLI', code: 'ceyuan mirror add OWNER/NAME ORGANISATION --every-hours 24' }]} />
          </EmptyState>
        }
      />
      <NewMirror open={making} onClose={() => setMaking(false)} onMade={refresh} />
    </Page>
  )
}
