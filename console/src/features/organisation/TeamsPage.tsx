import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Popconfirm } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { holds, useSession, type Membership } from '@/app/session'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'

import { OrganisationFrame } from './OrganisationFrame'
import { TeamMembers } from './TeamMembers'

type Team = Item<'/api/v1/organisations/{organisation}/teams'>
type Values = Sent<'/api/v1/organisations/{organisation}/teams'>

function Teams({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('organisation')
  const { t: common } = useTranslation()
  const session = useSession()
  const [open, setOpen] = useState(false)
  const mayChange = holds(session, organisation.id, 'maintainer')
  const path = { organisation: organisation.id }
  const query = $api.useQuery('get', '/api/v1/organisations/{organisation}/teams', {
    params: { path, query: { limit: 100 } },
  })
  const create = async (body: Values) => {
    await api.POST('/api/v1/organisations/{organisation}/teams', {
      params: { path },
      body: { ...body, description: body.description ?? '' },
    })
    await query.refetch()
  }
  const remove = async (team: Team) => {
    await api.DELETE('/api/v1/organisations/{organisation}/teams/{team}', {
      params: { path: { ...path, team: team.name } },
    })
    await query.refetch()
  }
  const columns: Column<Team>[] = [
    { title: t('team.name'), render: (_, team) => <strong>{team.name}</strong> },
    { title: t('team.description'), dataIndex: 'description' },
    { title: t('team.created'), render: (_, team) => <Time value={team.created_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, team) =>
        mayChange && (
          <Popconfirm title={t('team.removeAsk', { name: team.name })} onConfirm={() => void remove(team)}>
            <Button size="small" danger>
              {common('delete')}
            </Button>
          </Popconfirm>
        ),
    },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('team.new')}
    </Button>
  )
  return (
    <>
      <DataTable
        label={t('teams.title')}
        query={query}
        columns={columns}
        rowKey={(team) => team.id}
        extra={mayChange && query.data?.items.length ? button : undefined}
        expand={(team) => <TeamMembers organisation={organisation.id} team={team.name} mayChange={mayChange} />}
        empty={<EmptyState title={t('team.none')} next={t('team.next')} action={mayChange ? button : undefined} />}
      />
      <FormModal<Values>
        open={open}
        title={t('team.new')}
        submit={t('team.new')}
        onSubmit={create}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="name" label={t('team.name')} extra={t('field.nameNote')} rules={[{ required: true }]}>
          <Input autoFocus maxLength={39} />
        </Form.Item>
        <Form.Item name="description" label={t('team.description')}>
          <Input maxLength={500} />
        </Form.Item>
      </FormModal>
    </>
  )
}

export function Component() {
  const { t } = useTranslation('organisation')
  return (
    <OrganisationFrame title={t('teams.title')} description={t('teams.description')} shared>
      {(organisation) => <Teams organisation={organisation} />}
    </OrganisationFrame>
  )
}
