import { App, Button, Popconfirm, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { holds, ROLES, useSession, type Membership, type Role } from '@/app/session'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { Time } from '@/ui/Figures'

import { Invitations } from './Invitations'
import { OrganisationFrame } from './OrganisationFrame'

type Member = Item<'/api/v1/organisations/{organisation}/members'>

function Members({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('organisation')
  const { t: common } = useTranslation()
  const { message } = App.useApp()
  const session = useSession()
  const list = useListState(['role'])
  const owner = holds(session, organisation.id, 'owner')
  const query = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/members',
    {
      params: {
        path: { organisation: organisation.id },
        query: {
          role: list.filters.role as Role | undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 50,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const act = (work: Promise<unknown>) =>
    work.then(() => query.refetch()).catch((problem: unknown) => void message.error(asProblem(problem).detail))
  const place = (member: Member) => ({ params: { path: { organisation: organisation.id, person: member.person_id } } })
  const columns: Column<Member>[] = [
    {
      title: t('member.person'),
      render: (_, member) => (
        <>
          {member.display_name} <span className="faint">@{member.name}</span>
        </>
      ),
    },
    {
      title: t('member.role'),
      sort: 'role',
      render: (_, member) =>
        owner ? (
          <Select<Role>
            size="small"
            style={{ width: 116 }}
            aria-label={t('member.roleOf', { name: member.display_name })}
            value={member.role}
            options={ROLES.map((role) => ({ value: role, label: common(`role.${role}`) }))}
            onChange={(role) =>
              void act(
                api.PUT('/api/v1/organisations/{organisation}/members/{person}', { ...place(member), body: { role } }),
              )
            }
          />
        ) : (
          common(`role.${member.role}`)
        ),
    },
    { title: t('member.since'), sort: 'created_at', render: (_, member) => <Time value={member.created_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, member) =>
        (owner || member.person_id === session.id) && (
          <Popconfirm
            title={t(member.person_id === session.id ? 'member.leaveAsk' : 'member.removeAsk', {
              name: member.display_name,
            })}
            onConfirm={() =>
              void act(api.DELETE('/api/v1/organisations/{organisation}/members/{person}', place(member)))
            }
          >
            <Button size="small" danger>
              {t(member.person_id === session.id ? 'member.leave' : 'member.remove')}
            </Button>
          </Popconfirm>
        ),
    },
  ]
  return (
    <DataTable
      label={t('members.title')}
      query={query}
      columns={columns}
      rowKey={(member) => member.person_id}
      list={list}
      filters={[
        {
          name: 'role',
          label: t('member.role'),
          options: ROLES.map((role) => ({ value: role, label: common(`role.${role}`) })),
        },
      ]}
      empty={null}
    />
  )
}

export function Component() {
  const { t } = useTranslation('organisation')
  return (
    <OrganisationFrame title={t('members.title')} description={t('members.description')} shared>
      {(organisation) => (
        <>
          <Members organisation={organisation} />
          <Invitations organisation={organisation} />
        </>
      )}
    </OrganisationFrame>
  )
}
