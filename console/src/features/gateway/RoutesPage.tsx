import { MinusCircleOutlined, PlusOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, InputNumber, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Element, Sent } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Duration, Percent } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status, type Tone } from '@/ui/Status'

type Route = Element<'/api/v1/gateway/routes'>
type Server = Route['replicas'][number]
type Routing = Sent<'/api/v1/models/served/{served_id}/routing', 'put'>

const TONES: Record<string, Tone> = { closed: 'good', open: 'bad', trying: 'warn' }
const STRATEGIES = ['weighted', 'least_pending', 'latency', 'price', 'prefix'] as const

function routingOf(route: Route): Routing {
  const [first, ...others] = route.replicas
  return {
    strategy: route.strategy as Routing['strategy'],
    weight: first?.weight ?? 1,
    tier: first?.tier ?? 0,
    retries: route.retries,
    hedge_ms: route.hedge_ms,
    replicas: others.map(({ upstream, model, weight, tier }) => ({ upstream, model, weight, tier })),
  }
}

function ReplicaFields() {
  const { t } = useTranslation('gateway')
  const { data } = $api.useQuery('get', '/api/v1/models/upstreams', { params: { query: { limit: 100 } } })
  return (
    <Form.List name="replicas">
      {(fields, { add, remove }) => (
        <>
          {fields.map(({ key, name }) => (
            <div key={key} className="row" style={{ alignItems: 'flex-end', flexWrap: 'nowrap' }}>
              <Form.Item name={[name, 'upstream']} label={t('routes.upstream')} rules={[{ required: true }]}>
                <Select
                  style={{ width: 150 }}
                  options={(data?.items ?? []).map((row) => ({ value: row.name, label: row.name }))}
                />
              </Form.Item>
              <Form.Item name={[name, 'model']} label={t('serve.upstreamModel')}>
                <Input />
              </Form.Item>
              <Form.Item name={[name, 'weight']} label={t('routes.weight')} initialValue={1}>
                <InputNumber min={0} max={1000} precision={0} style={{ width: 76 }} />
              </Form.Item>
              <Form.Item name={[name, 'tier']} label={t('routes.tier')} initialValue={0}>
                <InputNumber min={0} max={9} precision={0} style={{ width: 64 }} />
              </Form.Item>
              <Form.Item>
                <Button
                  type="text"
                  aria-label={t('routes.drop')}
                  icon={<MinusCircleOutlined />}
                  onClick={() => remove(name)}
                />
              </Form.Item>
            </div>
          ))}
          <Button icon={<PlusOutlined />} onClick={() => add()}>
            {t('routes.add')}
          </Button>
        </>
      )}
    </Form.List>
  )
}

function RoutingDialogue({ route, onClose, onSaved }: { route: Route; onClose: () => void; onSaved: () => unknown }) {
  const { t } = useTranslation('gateway')
  return (
    <FormModal<Routing>
      open
      width={640}
      title={t('routes.of', { name: route.name })}
      submit={t('limits.save')}
      initial={routingOf(route)}
      onSubmit={async (values) => {
        const body: Routing = {
          ...values,
          replicas: (values.replicas ?? []).map((one) => ({ ...one, model: one.model ?? '' })),
        }
        await api.PUT('/api/v1/models/served/{served_id}/routing', {
          params: { path: { served_id: route.served_id } },
          body,
        })
        await onSaved()
      }}
      onClose={onClose}
    >
      <Form.Item name="strategy" label={t('routes.strategy')}>
        <Select options={STRATEGIES.map((value) => ({ value, label: t(`routes.strategies.${value}`) }))} />
      </Form.Item>
      <div className="row">
        <Form.Item name="weight" label={t('routes.firstWeight')}>
          <InputNumber min={0} max={1000} precision={0} />
        </Form.Item>
        <Form.Item name="tier" label={t('routes.tier')}>
          <InputNumber min={0} max={9} precision={0} />
        </Form.Item>
        <Form.Item name="retries" label={t('routes.retries')}>
          <InputNumber min={0} max={9} precision={0} />
        </Form.Item>
        <Form.Item name="hedge_ms" label={t('routes.hedge')}>
          <InputNumber min={0} max={60_000} precision={0} suffix="ms" />
        </Form.Item>
      </div>
      <ReplicaFields />
    </FormModal>
  )
}

function Servers({ route, operator, onMended }: { route: Route; operator: boolean; onMended: () => unknown }) {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const mend = async (replica: string) => {
    try {
      await api.POST('/api/v1/gateway/routes/{served_id}/breaker', {
        params: { path: { served_id: route.served_id } },
        body: { replica },
      })
      await onMended()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  const columns: Column<Server>[] = [
    {
      title: t('routes.upstream'),
      render: (_, row) => (
        <div>
          {route.embedded ? t('serve.file') : row.upstream} <span className="faint">{row.model}</span>
          {row.address && <div className="faint mono">{row.address}</div>}
        </div>
      ),
    },
    {
      title: t('routes.breaker'),
      render: (_, row) => (
        <div>
          <Status value={row.breaker} tone={TONES[row.breaker] ?? 'neutral'} label={t(`routes.state.${row.breaker}`)} />
          {row.left_alone_s > 0 && (
            <div className="faint">
              <Duration seconds={row.left_alone_s} />
            </div>
          )}
        </div>
      ),
    },
    {
      title: t('routes.share'),
      align: 'right',
      render: (_, row) => (
        <>
          <Percent ratio={row.share} digits={0} />
          <div className="faint num">
            {t('routes.weight')} {row.weight} · {t('routes.tier')} {row.tier}
          </div>
        </>
      ),
    },
    { title: t('routes.pending'), align: 'right', render: (_, row) => <Count value={row.pending} /> },
    {
      title: t('calls.first'),
      align: 'right',
      render: (_, row) => <Duration seconds={row.latency_ms === null ? null : row.latency_ms / 1000} />,
    },
    {
      title: t('routes.calls'),
      align: 'right',
      render: (_, row) => (
        <>
          <Count value={row.calls} />
          {row.failed > 0 && (
            <div className="faint">
              {t('callStatus.failed')} <Count value={row.failed} />
            </div>
          )}
        </>
      ),
    },
    { title: '', render: (_, row) => row.outside && <Tag color="gold">{t('serve.outside')}</Tag> },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        operator &&
        row.breaker !== 'closed' && (
          <Button size="small" onClick={() => void mend(row.id)}>
            {t('routes.mend')}
          </Button>
        ),
    },
  ]
  return (
    <DataTable
      bare
      label={route.name}
      query={{
        data: { items: route.replicas },
        error: null,
        isPending: false,
        isFetching: false,
        refetch: () => undefined,
      }}
      columns={columns}
      rowKey={(row) => row.id}
      empty={null}
    />
  )
}

/** Which servers answer for each model, how they stand, and how calls are shared between them. */
export function Component() {
  const { t } = useTranslation('gateway')
  const operator = serves(useSession(), 'operator')
  const [edited, setEdited] = useState<Route | null>(null)
  const query = $api.useQuery('get', '/api/v1/gateway/routes', {}, { refetchInterval: 5000 })
  const columns: Column<Route>[] = [
    {
      title: t('field.model'),
      render: (_, route) => (
        <div>
          <strong>{route.name}</strong> {!route.released && <Tag color="gold">{t('served.candidate')}</Tag>}
          <div className="faint">{route.title !== route.name && route.title}</div>
        </div>
      ),
    },
    {
      title: t('routes.health'),
      render: (_, route) => {
        const well = route.replicas.filter((one) => one.breaker === 'closed').length
        const tone = well === route.replicas.length ? 'good' : well > 0 ? 'warn' : 'bad'
        return <Status value={tone} tone={tone} label={t('routes.well', { well, all: route.replicas.length })} />
      },
    },
    {
      title: t('routes.strategy'),
      render: (_, route) => (route.replicas.length > 1 ? t(`routes.strategies.${route.strategy}`) : '—'),
    },
    {
      title: t('routes.pending'),
      align: 'right',
      render: (_, route) => (
        <>
          <Count value={route.replicas.reduce((sum, one) => sum + one.pending, 0)} />
          {route.waiting > 0 && <div className="faint">{t('routes.waiting', { count: route.waiting })}</div>}
        </>
      ),
    },
    {
      title: '',
      align: 'right',
      render: (_, route) =>
        operator &&
        !route.embedded && (
          <Button size="small" onClick={() => setEdited(route)}>
            {t('routes.change')}
          </Button>
        ),
    },
  ]
  return (
    <Page title={t('routes.title')} description={t('routes.description')}>
      <DataTable
        label={t('routes.title')}
        query={{ ...query, data: query.data && { items: query.data } }}
        columns={columns}
        rowKey={(route) => route.served_id}
        expand={(route) => <Servers route={route} operator={operator} onMended={query.refetch} />}
        empty={<EmptyState title={t('served.none')} next={t('served.next')} />}
      />
      <Snippet
        sources={[
          { label: 'CLI', code: 'ceyuan gateway routes' },
          {
            label: 'curl',
            code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" ${location.origin}/api/v1/gateway/routes`,
          },
        ]}
      />
      {edited && (
        <RoutingDialogue
          key={edited.served_id}
          route={edited}
          onClose={() => setEdited(null)}
          onSaved={query.refetch}
        />
      )}
    </Page>
  )
}
