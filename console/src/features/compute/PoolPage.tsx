import { Button, Form, Input, InputNumber, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Decimal, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { NewCredential, OfferOfPool, RegionOfPool } from './PoolForms'
import { HealthMark, PoolState } from './poolMarks'
import { useAccelerators, useRegions } from './words'

type Pool = Got<'/api/v1/compute/executor-pools/{pool_id}'>
type Node = Pool['nodes'][number]

interface HostValues {
  address: string
  port: number
  user: string
  host_key: string
  private_key: string
  root: string
  accelerator?: string
  accelerators: number
}

/** Kinds whose service is opened by a token. */
const CLUSTERS = ['slurm', 'kubernetes', 'ray']
const HOST = { port: 22, root: '.ceyuan/runs', accelerators: 0 }

function AddHost({
  pool,
  open,
  onClose,
  onDone,
}: {
  pool: Pool
  open: boolean
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation('tasks')
  const accelerators = useAccelerators()
  const add = async (values: HostValues) => {
    await api.POST('/api/v1/compute/executor-pools/{pool_id}/hosts', {
      params: { path: { pool_id: pool.id } },
      body: { ...values, name: '', accelerator: values.accelerator ?? '' },
    })
    onDone()
  }
  const wide = { width: '100%' }
  return (
    <FormModal<HostValues>
      open={open}
      width={640}
      title={t('pools.addHost')}
      submit={t('pools.addHost')}
      initial={HOST}
      onSubmit={add}
      onClose={onClose}
    >
      <div className="grid-2">
        <Form.Item name="address" label={t('pools.address')} rules={[{ required: true }]}>
          <Input autoFocus maxLength={255} />
        </Form.Item>
        <Form.Item name="port" label={t('pools.port')} rules={[{ required: true }]}>
          <InputNumber min={1} max={65_535} precision={0} style={wide} />
        </Form.Item>
        <Form.Item name="user" label={t('pools.user')} rules={[{ required: true }]}>
          <Input maxLength={32} />
        </Form.Item>
        <Form.Item name="root" label={t('pools.root')} rules={[{ required: true }]}>
          <Input maxLength={400} />
        </Form.Item>
        <Form.Item name="accelerator" label={t('pools.accelerator')}>
          <Select
            allowClear
            showSearch
            options={accelerators.map((each) => ({ value: each.name, label: each.label }))}
          />
        </Form.Item>
        <Form.Item name="accelerators" label={t('pools.count')}>
          <InputNumber min={0} max={16} precision={0} style={wide} />
        </Form.Item>
      </div>
      <Form.Item name="host_key" label={t('pools.hostKey')} extra={t('pools.hostKeyNote')} rules={[{ required: true }]}>
        <Input.TextArea className="mono" maxLength={2000} autoSize={{ minRows: 2 }} />
      </Form.Item>
      <Form.Item
        name="private_key"
        label={t('pools.privateKey')}
        extra={t('pools.privateKeyNote')}
        rules={[{ required: true }]}
      >
        <Input.TextArea className="mono" maxLength={20_000} autoSize={{ minRows: 3, maxRows: 6 }} autoComplete="off" />
      </Form.Item>
    </FormModal>
  )
}

/** What an operator can do to a pool or a node; what the platform refuses is shown. */
function useActs(pool: Pool | undefined, refetch: () => Promise<unknown>) {
  const [error, setError] = useState<unknown>(null)
  const run = (act: (poolId: string) => Promise<unknown>) => {
    if (!pool) return
    setError(null)
    act(pool.id)
      .then(() => refetch())
      .catch((problem: unknown) => setError(problem))
  }
  return {
    error,
    look: () =>
      run((id) => api.POST('/api/v1/compute/executor-pools/{pool_id}/look', { params: { path: { pool_id: id } } })),
    drain: (on: boolean, move = false) =>
      run((id) =>
        api.POST('/api/v1/compute/executor-pools/{pool_id}/drain', {
          params: { path: { pool_id: id } },
          body: { on, move },
        }),
      ),
    drainNode: (node: Node) =>
      run((id) =>
        api.POST('/api/v1/compute/executor-pools/{pool_id}/nodes/{node_id}/drain', {
          params: { path: { pool_id: id, node_id: node.id } },
          body: { on: !node.draining, move: false },
        }),
      ),
    removeNode: (node: Node) =>
      run((id) =>
        api.DELETE('/api/v1/compute/executor-pools/{pool_id}/hosts/{node_id}', {
          params: { path: { pool_id: id, node_id: node.id } },
        }),
      ),
  }
}

function Nodes({
  pool,
  operator,
  acts,
  onNewKey,
}: {
  pool: Pool
  operator: boolean
  acts: ReturnType<typeof useActs>
  onNewKey: (node: Node) => void
}) {
  const { t } = useTranslation('tasks')
  return (
    <Table
      aria-label={t('pools.nodes')}
      size="small"
      pagination={false}
      rowKey={(row) => row.id}
      dataSource={pool.nodes}
      columns={[
        {
          title: t('pools.nodes'),
          render: (_, row) => (
            <>
              {row.name}
              {row.address && <div className="faint mono">{row.address}</div>}
              {row.fault && <div className="faint">{row.fault}</div>}
            </>
          ),
        },
        { title: t('pools.health'), render: (_, row) => <HealthMark health={row.health} /> },
        { title: t('pools.state'), render: (_, row) => <PoolState draining={row.draining} /> },
        { title: t('pools.cpus'), align: 'right', render: (_, row) => `${row.cpus_held} / ${row.cpus}` },
        {
          title: t('pools.memory'),
          align: 'right',
          render: (_, row) => (
            <>
              <Decimal value={row.memory_mib_held / 1024} digits={1} /> /{' '}
              <Decimal value={row.memory_mib / 1024} digits={1} />
            </>
          ),
        },
        {
          title: t('pools.cards'),
          align: 'right',
          render: (_, row) =>
            row.accelerators > 0 ? `${row.accelerator}: ${row.accelerators_held} / ${row.accelerators}` : '—',
        },
        { title: t('pools.runs'), align: 'right', dataIndex: 'runs' },
        { title: t('pools.isolated'), render: (_, row) => t(row.isolated ? 'pools.yes' : 'pools.no') },
        { title: t('pools.checked'), render: (_, row) => row.checked_at && <Time value={row.checked_at} /> },
        {
          title: '',
          align: 'right',
          render: (_, row) =>
            operator && (
              <>
                <Button size="small" onClick={() => acts.drainNode(row)}>
                  {t(row.draining ? 'pools.undrain' : 'pools.drain')}
                </Button>{' '}
                {pool.kind === 'ssh' && (
                  <>
                    <Button size="small" onClick={() => onNewKey(row)}>
                      {t('pools.newKey')}
                    </Button>{' '}
                    <Button size="small" danger onClick={() => acts.removeNode(row)}>
                      {t('pools.remove')}
                    </Button>
                  </>
                )}
              </>
            ),
        },
      ]}
    />
  )
}

export function Component() {
  const { t } = useTranslation('tasks')
  const { poolId = '' } = useParams()
  const navigate = useNavigate()
  const operator = serves(useSession(), 'operator')
  const { name } = useRegions()
  const [adding, setAdding] = useState(false)
  const [offering, setOffering] = useState(false)
  const [placing, setPlacing] = useState(false)
  const [renewed, setRenewed] = useState<Node | null | undefined>(undefined)
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/executor-pools/{pool_id}',
    { params: { path: { pool_id: poolId } } },
    { refetchInterval: 10_000 },
  )
  const pool = query.data
  const acts = useActs(pool, () => query.refetch())
  if (query.error) return <ProblemView page error={query.error} />
  if (!pool) return <Loading />
  const draining = pool.state === 'draining'
  const remove = async () => {
    await api.DELETE('/api/v1/compute/executor-pools/{pool_id}', { params: { path: { pool_id: pool.id } } })
    void navigate('/compute/pools')
  }
  const actions = operator && (
    <>
      <Button onClick={acts.look}>{t('pools.look')}</Button>
      {pool.kind === 'ssh' && <Button onClick={() => setAdding(true)}>{t('pools.addHost')}</Button>}
      {CLUSTERS.includes(pool.kind) && <Button onClick={() => setRenewed(null)}>{t('pools.newSecret')}</Button>}
      <Button onClick={() => setPlacing(true)}>{t('pools.region')}</Button>
      <Button onClick={() => setOffering(true)}>{t('pools.offer')}</Button>
      <Button onClick={() => acts.drain(!draining)}>{t(draining ? 'pools.undrain' : 'pools.drain')}</Button>
      {!draining && <Button onClick={() => acts.drain(true, true)}>{t('pools.drainMove')}</Button>}
      {pool.kind !== 'local' && pool.nodes.every((node) => node.runs === 0) && (
        <Button danger onClick={() => void remove()}>
          {t('pools.remove')}
        </Button>
      )}
    </>
  )
  return (
    <Page
      title={pool.name}
      crumbs={[{ label: t('pools.title'), to: '/compute/pools' }, { label: pool.name }]}
      badges={<HealthMark health={pool.health} />}
      actions={actions}
    >
      {acts.error !== null && <ProblemView error={acts.error} />}
      <Section title={t('facts')}>
        <Facts
          columns={2}
          facts={[
            { label: t('pools.kind'), value: t(`pools.kinds.${pool.kind}`, { defaultValue: pool.kind }) },
            { label: t('pools.region'), value: pool.region ? name(pool.region) : t('pools.regionNone') },
            { label: t('pools.state'), value: <PoolState draining={draining} /> },
            { label: t('pools.org'), value: pool.org_id },
            {
              label: t('pools.offer'),
              value: pool.offer_id ? <Link to={`/compute/offers/${pool.offer_id}`}>{pool.offer_id}</Link> : null,
            },
            { label: t('pools.fault'), value: pool.fault || null },
            { label: t('pools.checked'), value: pool.checked_at && <Time value={pool.checked_at} full /> },
          ]}
        />
      </Section>
      <Section title={t('pools.nodes')} flush>
        <Nodes pool={pool} operator={operator} acts={acts} onNewKey={setRenewed} />
      </Section>
      <Snippet
        sources={[{ label: 'CLI', code: `ceyuan pool show ${pool.name}\nceyuan pool drain ${pool.name} --move` }]}
      />
      <OfferOfPool pool={pool} open={offering} onClose={() => setOffering(false)} onDone={() => void query.refetch()} />
      <RegionOfPool pool={pool} open={placing} onClose={() => setPlacing(false)} onDone={() => void query.refetch()} />
      <NewCredential
        pool={pool}
        node={renewed}
        onClose={() => setRenewed(undefined)}
        onDone={() => void query.refetch()}
      />
      <AddHost pool={pool} open={adding} onClose={() => setAdding(false)} onDone={() => void query.refetch()} />
    </Page>
  )
}
