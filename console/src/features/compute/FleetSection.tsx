import { Alert, Button, Checkbox, Form, Input, InputNumber, Progress, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import type { Got, Item } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { ProblemView } from '@/ui/Feedback'
import { FormModal } from '@/ui/FormModal'
import { Money } from '@/ui/Figures'
import { Section } from '@/ui/Page'

import { FleetMap } from './FleetMap'
import { HealthMark, PoolState } from './poolMarks'
import { useRegions } from './words'

type Overview = Got<'/api/v1/compute/overview'>
type Matrix = Got<'/api/v1/compute/links'>
type Pool = Item<'/api/v1/compute/executor-pools'>
type Node = Pool['nodes'][number]

interface LinkValues {
  source: string
  target: string
  gbps: number
  yuan: number
  latency_ms?: number | null
  kind: 'direct' | 'public'
  evidence?: string
  one_way: boolean
}

function LinkForm({ open, onClose, onDone }: { open: boolean; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation('overview')
  const { regions, name } = useRegions()
  const options = regions.map((region) => ({ value: region.name, label: name(region.name) }))
  const enter = async ({ source, target, yuan, ...values }: LinkValues) => {
    await api.PUT('/api/v1/compute/links/{source}/{target}', {
      params: { path: { source, target } },
      body: {
        ...values,
        latency_ms: values.latency_ms ?? null,
        evidence: values.evidence ?? '',
        price_micro: Math.round(yuan * 1e6),
      },
    })
    onDone()
  }
  const wide = { width: '100%' }
  const must = [{ required: true }]
  return (
    <FormModal<LinkValues>
      open={open}
      title={t('map.set')}
      submit={t('map.set')}
      initial={{ kind: 'public', yuan: 0, one_way: false }}
      onSubmit={enter}
      onClose={onClose}
    >
      <div className="grid-2">
        <Form.Item name="source" label={t('map.from')} rules={must}>
          <Select showSearch={{ optionFilterProp: 'label' }} options={options} />
        </Form.Item>
        <Form.Item name="target" label={t('map.to')} rules={must}>
          <Select showSearch={{ optionFilterProp: 'label' }} options={options} />
        </Form.Item>
        <Form.Item name="gbps" label={t('map.gbps')} rules={must}>
          <InputNumber min={0.001} max={100_000} style={wide} />
        </Form.Item>
        <Form.Item name="yuan" label={t('map.price')} rules={must}>
          <InputNumber min={0} max={10_000} step={0.01} style={wide} />
        </Form.Item>
        <Form.Item name="latency_ms" label={t('map.latency')}>
          <InputNumber min={0.01} max={10_000} style={wide} />
        </Form.Item>
        <Form.Item name="kind" label={t('map.kind')}>
          <Select options={(['direct', 'public'] as const).map((value) => ({ value, label: t(`map.${value}`) }))} />
        </Form.Item>
      </div>
      <Form.Item name="evidence" label={t('map.evidence')}>
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="one_way" valuePropName="checked">
        <Checkbox>{t('map.oneWay')}</Checkbox>
      </Form.Item>
    </FormModal>
  )
}

function LinkTable({ matrix, operator, onDone }: { matrix: Matrix; operator: boolean; onDone: () => void }) {
  const { t } = useTranslation('overview')
  const { name } = useRegions()
  const [error, setError] = useState<unknown>(null)
  const remove = (source: string, target: string) => {
    setError(null)
    api
      .DELETE('/api/v1/compute/links/{source}/{target}', { params: { path: { source, target } } })
      .then(onDone)
      .catch((problem: unknown) => setError(problem))
  }
  return (
    <>
      {error !== null && <ProblemView error={error} />}
      <Table<Matrix['links'][number]>
        aria-label={t('map.links')}
        size="small"
        pagination={false}
        scroll={{ x: 'max-content', ...(matrix.links.length > 12 && { y: 420 }) }}
        rowKey={(row) => `${row.source}/${row.target}`}
        dataSource={matrix.links}
        columns={[
          { title: t('map.from'), render: (_, row) => name(row.source) },
          { title: t('map.to'), render: (_, row) => name(row.target) },
          { title: t('map.gbps'), align: 'right', dataIndex: 'gbps' },
          { title: t('map.price'), align: 'right', render: (_, row) => <Money micro={row.price_micro} /> },
          { title: t('map.latency'), align: 'right', render: (_, row) => row.latency_ms ?? '—' },
          { title: t('map.kind'), render: (_, row) => t(`map.${row.kind}`, { defaultValue: row.kind }) },
          { title: t('map.evidence'), render: (_, row) => row.evidence || '—' },
          {
            title: '',
            align: 'right',
            render: (_, row) =>
              operator && (
                <Button size="small" danger onClick={() => remove(row.source, row.target)}>
                  {t('map.remove')}
                </Button>
              ),
          },
        ]}
      />
    </>
  )
}

function share(held: number, whole: number) {
  return (
    <Progress
      percent={whole ? (100 * held) / whole : 0}
      size="small"
      style={{ minWidth: 140, margin: 0 }}
      format={() => `${held} / ${whole}`}
    />
  )
}

/** The nodes of a region's pools: capacity and what is held of it. */
function Nodes({ pools, named }: { pools: Set<string>; named: (name: string) => string }) {
  const { t } = useTranslation('overview')
  const { t: tasks } = useTranslation('tasks')
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/executor-pools',
    { params: { query: { limit: 200 } } },
    { refetchInterval: 15_000 },
  )
  const rows = (query.data?.items ?? [])
    .filter((pool) => pools.has(pool.id))
    .flatMap((pool) => pool.nodes.map((node) => ({ pool, node })))
  return (
    <Table<{ pool: Pool; node: Node }>
      aria-label={t('map.node')}
      size="small"
      loading={query.isPending}
      pagination={{ pageSize: 20, hideOnSinglePage: true }}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: t('map.noNodes') }}
      rowKey={(row) => row.node.id}
      dataSource={rows}
      columns={[
        { title: t('pool'), render: (_, row) => <Link to={`/compute/pools/${row.pool.id}`}>{row.pool.name}</Link> },
        { title: t('map.node'), render: (_, row) => row.node.name },
        { title: tasks('pools.health'), render: (_, row) => <HealthMark health={row.node.health} /> },
        {
          title: tasks('pools.state'),
          render: (_, row) => <PoolState draining={row.node.draining || row.pool.state === 'draining'} />,
        },
        { title: t('cpus'), render: (_, row) => share(row.node.cpus_held, row.node.cpus) },
        {
          title: tasks('pools.cards'),
          render: (_, row) =>
            row.node.accelerators > 0 ? (
              <>
                {named(row.node.accelerator)} {share(row.node.accelerators_held, row.node.accelerators)}
              </>
            ) : (
              '—'
            ),
        },
        { title: t('runs'), align: 'right', render: (_, row) => row.node.runs },
      ]}
    />
  )
}

/** The regions that hold pools, on a map with their links; one that is chosen opens up to its nodes. */
export function Fleet({
  seen,
  named,
  chosen,
  onChoose,
}: {
  seen: Overview
  named: (name: string) => string
  chosen: string | undefined
  onChoose: (region: string | null) => void
}) {
  const { t } = useTranslation('overview')
  const { regions, name } = useRegions()
  const operator = serves(useSession(), 'operator')
  const [entering, setEntering] = useState(false)
  const query = $api.useQuery('get', '/api/v1/compute/links', {})
  const matrix = query.data
  const known = new Set(regions.map((region) => region.name))
  const anything = seen.pools.some((pool) => known.has(pool.region)) || (matrix?.links.length ?? 0) > 0
  const holes = (matrix?.holes ?? []).map((hole) => `${name(hole.source)} → ${name(hole.target)}`)
  if (!matrix || (!anything && !operator)) return null
  return (
    <Section
      title={t('map.title')}
      note={matrix.links.length > 0 ? t('map.note') : t('map.noLinks')}
      extra={operator && <Button onClick={() => setEntering(true)}>{t('map.set')}</Button>}
    >
      {holes.length > 0 && <Alert type="warning" showIcon title={t('map.hole', { pairs: holes.join(', ') })} />}
      {anything && (
        <FleetMap
          regions={regions}
          pools={seen.pools}
          links={matrix.links}
          chosen={chosen}
          named={named}
          onChoose={onChoose}
        />
      )}
      {chosen && (
        <>
          <h3>
            {t('map.chosen', { region: name(chosen) })}{' '}
            <Button size="small" onClick={() => onChoose(null)}>
              {t('map.all')}
            </Button>
          </h3>
          <Nodes
            pools={new Set(seen.pools.filter((pool) => pool.region === chosen).map((pool) => pool.id))}
            named={named}
          />
        </>
      )}
      {matrix.links.length > 0 && <LinkTable matrix={matrix} operator={operator} onDone={() => void query.refetch()} />}
      <LinkForm open={entering} onClose={() => setEntering(false)} onDone={() => void query.refetch()} />
    </Section>
  )
}
