import { App, Button, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'

/** Who is in a team; members of the organisation are put in and taken out. */
export function TeamMembers({
  organisation,
  team,
  mayChange,
}: {
  organisation: string
  team: string
  mayChange: boolean
}) {
  const { t } = useTranslation('organisation')
  const { message } = App.useApp()
  const [chosen, setChosen] = useState<string | null>(null)
  const members = $api.useQuery('get', '/api/v1/organisations/{organisation}/teams/{team}/members', {
    params: { path: { organisation, team }, query: { limit: 200 } },
  })
  const people = $api.useQuery(
    'get',
    '/api/v1/organisations/{organisation}/members',
    { params: { path: { organisation }, query: { limit: 200 } } },
    { enabled: mayChange },
  )
  const inside = new Set(members.data?.items.map((member) => member.person_id))
  const change = async (method: 'PUT' | 'DELETE', person: string) => {
    const init = { params: { path: { organisation, team, person } } }
    const path = '/api/v1/organisations/{organisation}/teams/{team}/members/{person}'
    try {
      await (method === 'PUT' ? api.PUT(path, init) : api.DELETE(path, init))
      await members.refetch()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <div className="row" style={{ padding: '6px 0' }}>
      {members.data?.items.length === 0 && <span className="faint">{t('team.empty')}</span>}
      {members.data?.items.map((member) => (
        <Tag
          key={member.person_id}
          closable={mayChange}
          onClose={(event) => {
            event.preventDefault()
            void change('DELETE', member.person_id)
          }}
        >
          {member.display_name}
        </Tag>
      ))}
      {mayChange && (
        <>
          <Select
            size="small"
            showSearch
            optionFilterProp="label"
            style={{ width: 200 }}
            placeholder={t('team.choose')}
            aria-label={t('team.choose')}
            value={chosen}
            onChange={setChosen}
            options={(people.data?.items ?? [])
              .filter((member) => !inside.has(member.person_id))
              .map((member) => ({ value: member.person_id, label: `${member.display_name} @${member.name}` }))}
          />
          <Button
            size="small"
            disabled={!chosen}
            onClick={() => {
              if (chosen) void change('PUT', chosen)
              setChosen(null)
            }}
          >
            {t('team.add')}
          </Button>
        </>
      )}
    </div>
  )
}
