import { UserAddOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'

import { pathOf, type Place } from './RepositoryPage'

const REQUESTS = '/api/v1/repositories/{kind}/{owner}/{name}/access/requests'

type Request = Item<typeof REQUESTS>
type Status = Request['status']

const STATUSES: readonly Status[] = ['pending', 'accepted', 'rejected']

function isStatus(value: string | undefined): value is Status {
  return STATUSES.some((status) => status === value)
}

function Fields({ request }: { request: Request }) {
  const entries = Object.entries(request.fields)
  return (
    <ul>
      {entries.map(([name, value]) => (
        <li key={name}>
          <span className="soft">{name}</span> {String(value)}
        </li>
      ))}
    </ul>
  )
}

/** Who asked for a gated repository's files, for those who keep the gate. */
export function AccessTab({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const { message } = App.useApp()
  const queries = useQueryClient()
  const list = useListState(['status'])
  const status = isStatus(list.filters.status) ? list.filters.status : 'pending'
  const [refused, setRefused] = useState<Request | null>(null)
  const [granting, setGranting] = useState(false)
  const path = pathOf(place)
  const query = $api.useQuery(
    'get',
    REQUESTS,
    { params: { path, query: { status, cursor: list.cursor ?? undefined, limit: 50 } } },
    { placeholderData: (held) => held },
  )
  const refresh = () => queries.invalidateQueries({ queryKey: ['get', REQUESTS] })
  const decide = async (request: Request, decision: Status, reason = '') => {
    await api.POST(`${REQUESTS}/{request_id}`, {
      params: { path: { ...path, request_id: request.id } },
      body: { status: decision, reason },
    })
    await refresh()
  }
  const tried = (request: Request, decision: Status) =>
    void decide(request, decision).catch((problem: unknown) => message.error(asProblem(problem).detail))
  const grant = async ({ person }: { person: string }) => {
    await api.POST('/api/v1/repositories/{kind}/{owner}/{name}/access/grants', { params: { path }, body: { person } })
    await refresh()
  }
  const columns: Column<Request>[] = [
    {
      title: t('gate.person'),
      render: (_, row) => (
        <>
          {row.display_name} <span className="faint">{row.person}</span>
        </>
      ),
    },
    { title: t('gate.email'), render: (_, row) => row.email ?? <span className="faint">—</span> },
    { title: t('gate.asked'), render: (_, row) => <Time value={row.created_at} /> },
    { title: t('gate.fields'), render: (_, row) => <Fields request={row} /> },
    ...(status === 'rejected' ? [{ title: t('gate.reason'), dataIndex: 'reason' }] : []),
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row">
          {row.status !== 'accepted' && (
            <Button size="small" type="primary" onClick={() => tried(row, 'accepted')}>
              {t('gate.accept')}
            </Button>
          )}
          {row.status !== 'rejected' && (
            <Button size="small" danger onClick={() => setRefused(row)}>
              {t('gate.reject')}
            </Button>
          )}
        </span>
      ),
    },
  ]
  return (
    <div className="stack">
      <DataTable
        label={t('gate.requests')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        extra={
          <span className="row">
            <Segmented
              value={status}
              onChange={(value) => list.setFilter('status', value === 'pending' ? null : value)}
              options={STATUSES.map((value) => ({ value, label: t(`gate.status.${value}`) }))}
            />
            <Button icon={<UserAddOutlined />} onClick={() => setGranting(true)}>
              {t('gate.grant')}
            </Button>
          </span>
        }
        empty={<EmptyState title={t('gate.nobody')} next={t('gate.nobodyNext')} />}
      />
      <FormModal<{ reason?: string }>
        open={refused !== null}
        title={t('gate.reject')}
        submit={t('gate.reject')}
        danger
        onSubmit={({ reason }) => (refused ? decide(refused, 'rejected', reason ?? '') : Promise.resolve())}
        onClose={() => setRefused(null)}
      >
        <Form.Item name="reason" label={t('gate.reason')} extra={t('gate.reasonNote')}>
          <Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 6 }} />
        </Form.Item>
      </FormModal>
      <FormModal<{ person: string }>
        open={granting}
        title={t('gate.grant')}
        note={t('gate.grantNote')}
        submit={t('gate.grant')}
        onSubmit={grant}
        onClose={() => setGranting(false)}
      >
        <Form.Item name="person" label={t('gate.person')} rules={[{ required: true }]}>
          <Input autoFocus maxLength={100} />
        </Form.Item>
      </FormModal>
    </div>
  )
}
