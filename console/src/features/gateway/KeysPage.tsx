import { Button, Form, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useSession } from '@/app/session'
import { TokenTable } from '@/features/tokens/TokenTable'
import { DataTable, type Column } from '@/ui/DataTable'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page, Section } from '@/ui/Page'
import { ServedModels } from '@/ui/ServedModels'
import { Snippet } from '@/ui/Snippet'

import { Budgets } from './Budgets'

type Token = Item<'/api/v1/tokens'>
type Limits = Sent<'/api/v1/gateway/keys/{key_id}/limits', 'put'>

/** Whether a token's scopes let it call models. */
function mayCall(token: Token): boolean {
  return token.scopes.some(
    (scope) => scope === '*' || scope === 'gateway:*' || scope === 'gateway:call' || scope === 'gateway:write',
  )
}

function LimitsDialogue({ token, onClose }: { token: Token; onClose: () => void }) {
  const { t } = useTranslation('gateway')
  const params = { path: { key_id: token.id } }
  const query = $api.useQuery('get', '/api/v1/gateway/keys/{key_id}/limits', { params }, { retry: false })
  if (query.isPending) return null
  return (
    <FormModal<Limits>
      open
      title={t('limits.of', { name: token.name })}
      note={t('limits.note')}
      submit={t('limits.save')}
      initial={query.data ?? { requests_per_minute: 0, tokens_per_minute: 0, concurrent: 0, models: [] }}
      onSubmit={async (body) => {
        await api.PUT('/api/v1/gateway/keys/{key_id}/limits', { params, body })
      }}
      onClose={onClose}
    >
      {(['requests_per_minute', 'tokens_per_minute', 'concurrent'] as const).map((name) => (
        <Form.Item key={name} name={name} label={t(`limits.${name}`)}>
          <InputNumber min={0} precision={0} style={{ width: '100%' }} />
        </Form.Item>
      ))}
      <Form.Item name="models" label={t('limits.models')} extra={t('limits.modelsNote')}>
        <ServedModels />
      </Form.Item>
    </FormModal>
  )
}

function LimitsTable({ tokens, organisation }: { tokens: Token[]; organisation: string | null }) {
  const { t } = useTranslation('gateway')
  const [edited, setEdited] = useState<Token | null>(null)
  const columns: Column<Token>[] = [
    {
      title: t('limits.key'),
      render: (_, token) => (
        <>
          {token.name} <span className="faint mono">…{token.ending}</span>
        </>
      ),
    },
    { title: t('limits.used'), render: (_, token) => <Time value={token.used_at} /> },
    ...(organisation
      ? [
          {
            title: t('budget.title'),
            render: (_: unknown, token: Token) => <Budgets organisation={organisation} token={token} />,
          },
        ]
      : []),
    {
      title: '',
      align: 'right',
      render: (_, token) => (
        <Button size="small" onClick={() => setEdited(token)}>
          {t('limits.edit')}
        </Button>
      ),
    },
  ]
  if (tokens.length === 0) return null
  return (
    <Section title={t('limits.title')} note={t('limits.description')} flush>
      <DataTable
        bare
        label={t('limits.title')}
        query={{ data: { items: tokens }, error: null, isPending: false, isFetching: false, refetch: () => undefined }}
        columns={columns}
        rowKey={(token) => token.id}
        empty={null}
      />
      {edited && <LimitsDialogue key={edited.id} token={edited} onClose={() => setEdited(null)} />}
    </Section>
  )
}

function OwnKeys() {
  const { personalId } = useSession()
  const query = $api.useQuery('get', '/api/v1/tokens', { params: { query: { limit: 100 } } })
  const keys = (query.data?.items ?? []).filter(mayCall)
  return (
    <>
      <TokenTable
        scopes={['gateway:call']}
        query={{ ...query, data: query.data && { items: keys } }}
        onCreate={async ({ name, scopes, expires_at }) =>
          (await api.POST('/api/v1/tokens', { body: { name, scopes, expires_at } })).data
        }
        onRevoke={(id) => api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: id } } })}
      />
      <LimitsTable tokens={keys} organisation={personalId} />
    </>
  )
}

function ServiceKeys({ organisation }: { organisation: string }) {
  const path = { organisation }
  const query = $api.useQuery('get', '/api/v1/organisations/{organisation}/tokens', {
    params: { path, query: { limit: 100 } },
  })
  const keys = (query.data?.items ?? []).filter(mayCall)
  return (
    <>
      <TokenTable
        service
        scopes={['gateway:call']}
        query={{ ...query, data: query.data && { items: keys } }}
        onCreate={async (body) =>
          (await api.POST('/api/v1/organisations/{organisation}/tokens', { params: { path }, body })).data
        }
        onRevoke={(id) =>
          api.DELETE('/api/v1/organisations/{organisation}/tokens/{token_id}', {
            params: { path: { ...path, token_id: id } },
          })
        }
      />
      <LimitsTable tokens={keys} organisation={organisation} />
    </>
  )
}

/** Keys for the gateway: one's own, or those of the chosen organisation's programs. */
export function Component() {
  const { t } = useTranslation('gateway')
  const session = useSession()
  const { organisation } = usePreferences()
  const place = session.organisations.find(({ id, kind }) => id === organisation && kind !== 'personal')
  return (
    <Page title={t('keys.title')} description={place ? t('keys.ofOrganisation', { name: place.label }) : t('keys.own')}>
      {place ? <ServiceKeys key={place.id} organisation={place.id} /> : <OwnKeys />}
      <Snippet
        sources={[
          {
            label: 'Python',
            code: `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="cyk_…")`,
          },
          { label: 'env', code: `export OPENAI_BASE_URL=${location.origin}/v1\nexport OPENAI_API_KEY=cyk_…` },
        ]}
      />
    </Page>
  )
}
