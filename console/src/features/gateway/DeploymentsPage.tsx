import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, InputNumber, Popconfirm, Radio, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Element } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Duration, Money, Percent } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { Engines } from './DeploymentEngines'
import { POOL_START, PoolFields, poolBody, type PoolValues } from './PoolFields'

type Deployment = Element<'/api/v1/models/deployments'>
type Variant = Deployment['variants'][number]

interface NewValues extends PoolValues {
  name: string
  model: string
  path?: string
  least: number
  most: number
  delay_ms: number
  capabilities: ('chat' | 'completions' | 'embeddings')[]
  where: 'own' | 'pool'
}

interface UpdateValues {
  model: string
  path?: string
  variant: 'next' | 'canary' | 'shadow'
  percent?: number
}

type Act = 'update' | 'scale'

function ScaleFields() {
  const { t } = useTranslation('gateway')
  return (
    <div className="row">
      <Form.Item name="least" label={t('deploy.least')} extra={t('deploy.leastNote')}>
        <InputNumber min={0} max={64} precision={0} />
      </Form.Item>
      <Form.Item name="most" label={t('deploy.most')}>
        <InputNumber min={1} max={64} precision={0} />
      </Form.Item>
      <Form.Item name="delay_ms" label={t('deploy.delay')} extra={t('deploy.delayNote')}>
        <InputNumber min={10} max={600_000} precision={0} suffix="ms" />
      </Form.Item>
    </div>
  )
}

function ModelFields({ whole }: { whole: boolean }) {
  const { t } = useTranslation('gateway')
  return (
    <>
      <Form.Item name="model" label={t('deploy.model')} extra={t('deploy.modelNote')} rules={[{ required: true }]}>
        <ReferenceInput kind="model" />
      </Form.Item>
      {!whole && (
        <Form.Item name="path" label={t('deploy.path')} extra={t('deploy.pathNote')}>
          <Input placeholder="model.gguf" />
        </Form.Item>
      )}
    </>
  )
}

function NewDeployment({ onMade }: { onMade: () => unknown }) {
  const { t } = useTranslation('gateway')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
        {t('deploy.new')}
      </Button>
      <FormModal<NewValues>
        open={open}
        width={640}
        title={t('deploy.new')}
        note={t('deploy.candidateNote')}
        submit={t('deploy.act')}
        initial={{
          least: 1,
          most: 1,
          delay_ms: 2000,
          capabilities: ['chat', 'completions'],
          where: 'own',
          ...POOL_START,
        }}
        onSubmit={async ({ name, model, path, capabilities, where, least, most, delay_ms, ...pool }) => {
          await api.POST('/api/v1/models/deployments', {
            body: {
              name,
              model,
              path: path ?? '',
              title: '',
              engine: {},
              capabilities,
              scale: { least, most, delay_ms },
              price_model: '',
              pool: where === 'pool' ? poolBody(pool) : null,
            },
          })
          await onMade()
        }}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="name" label={t('serve.name')} extra={t('serve.nameNote')} rules={[{ required: true }]}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="where" label={t('deploy.where')}>
          <Radio.Group
            options={[
              { value: 'own', label: t('deploy.whereOwn') },
              { value: 'pool', label: t('deploy.wherePool') },
            ]}
          />
        </Form.Item>
        <Form.Item noStyle shouldUpdate>
          {({ getFieldValue }) => {
            const inPool = getFieldValue('where') === 'pool'
            return (
              <>
                <ModelFields whole={inPool} />
                {inPool && <PoolFields />}
              </>
            )
          }}
        </Form.Item>
        <Form.Item name="capabilities" label={t('serve.capabilities')} rules={[{ required: true }]}>
          <Select
            mode="multiple"
            options={['chat', 'completions', 'embeddings'].map((value) => ({ value, label: t(`capability.${value}`) }))}
          />
        </Form.Item>
        <ScaleFields />
      </FormModal>
    </>
  )
}

function UpdateDialogue({ row, onClose, onDone }: { row: Deployment; onClose: () => void; onDone: () => unknown }) {
  const { t } = useTranslation('gateway')
  return (
    <FormModal<UpdateValues>
      open
      title={t('deploy.updateOf', { name: row.name })}
      note={t('deploy.updateNote')}
      submit={t('deploy.update')}
      initial={{ variant: 'next', percent: 10 }}
      onSubmit={async ({ model, path, variant, percent }) => {
        await api.POST('/api/v1/models/deployments/{deployment_id}/updates', {
          params: { path: { deployment_id: row.id } },
          body: { model, path: path ?? '', variant, percent: variant === 'next' ? 0 : (percent ?? 10) },
        })
        await onDone()
      }}
      onClose={onClose}
    >
      <ModelFields whole={row.pool !== null} />
      <Form.Item name="variant" label={t('deploy.as')}>
        <Radio.Group
          options={(['next', 'canary', 'shadow'] as const).map((value) => ({
            value,
            label: t(`deploy.variant.${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item noStyle shouldUpdate>
        {({ getFieldValue }) =>
          getFieldValue('variant') !== 'next' && (
            <Form.Item name="percent" label={t('deploy.percent')}>
              <InputNumber min={1} max={100} precision={0} suffix="%" />
            </Form.Item>
          )
        }
      </Form.Item>
    </FormModal>
  )
}

function ScaleDialogue({ row, onClose, onDone }: { row: Deployment; onClose: () => void; onDone: () => unknown }) {
  const { t } = useTranslation('gateway')
  return (
    <FormModal<Deployment['scale']>
      open
      title={t('deploy.scaleOf', { name: row.name })}
      submit={t('limits.save')}
      initial={row.scale}
      onSubmit={async (body) => {
        await api.PUT('/api/v1/models/deployments/{deployment_id}/scale', {
          params: { path: { deployment_id: row.id } },
          body,
        })
        await onDone()
      }}
      onClose={onClose}
    >
      <ScaleFields />
    </FormModal>
  )
}

function Variants({ row, operator, onDone }: { row: Deployment; operator: boolean; onDone: () => unknown }) {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const params = { path: { deployment_id: row.id } }
  const act = (work: Promise<unknown>) =>
    void work.then(onDone).catch((problem: unknown) => void message.error(asProblem(problem).detail))
  const columns: Column<Variant>[] = [
    {
      title: t('deploy.as'),
      render: (_, one) => (
        <>
          {t(`deploy.variant.${one.name}`)} {!one.released && <Tag color="gold">{t('served.candidate')}</Tag>}
        </>
      ),
    },
    { title: t('calls.revision'), render: (_, one) => (one.revision ? <code>{one.revision}</code> : '—') },
    {
      title: t('deploy.percent'),
      align: 'right',
      render: (_, one) => (one.name === 'stable' ? '—' : <Percent ratio={one.percent / 100} digits={0} />),
    },
    {
      title: t('deploy.compared'),
      render: (_, one) =>
        one.copies !== null && (
          <span className="num">
            {t('deploy.copies', {
              copies: one.copies,
              failed: one.copies_failed ?? 0,
              same: one.same ?? 0,
            })}
            {one.p95_ms !== null && ` · p95 ${Math.round(one.p95_ms)} ms`}
          </span>
        ),
    },
    {
      title: '',
      align: 'right',
      render: (_, one) =>
        operator &&
        one.name !== 'stable' &&
        one.name !== 'next' && (
          <span className="row" style={{ justifyContent: 'flex-end' }}>
            {one.name === 'canary' && one.percent > 0 && (
              <Button
                size="small"
                onClick={() => act(api.POST('/api/v1/models/deployments/{deployment_id}/promotion', { params }))}
              >
                {t('deploy.promote')}
              </Button>
            )}
            <Button
              size="small"
              onClick={() =>
                act(
                  api.PUT('/api/v1/models/deployments/{deployment_id}/share', {
                    params,
                    body: { variant: one.name as 'canary' | 'shadow', percent: 0 },
                  }),
                )
              }
            >
              {t('deploy.withdraw')}
            </Button>
          </span>
        ),
    },
  ]
  const still = { error: null, isPending: false, isFetching: false, refetch: () => undefined }
  return (
    <div className="stack">
      <DataTable
        bare
        label={t('deploy.variants')}
        query={{ ...still, data: { items: row.variants } }}
        columns={columns}
        rowKey={(one) => String(one.number)}
        empty={null}
      />
      <Engines rows={row.engines} />
    </div>
  )
}

/** Revisions of the hub that run behind the gateway, in the platform's own engines or as tasks in a pool. */
export function Component() {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const operator = serves(useSession(), 'operator')
  const [chosen, setChosen] = useState<{ row: Deployment; act: Act } | null>(null)
  const query = $api.useQuery('get', '/api/v1/models/deployments', {}, { refetchInterval: 4000 })
  const remove = async (id: string) => {
    try {
      await api.DELETE('/api/v1/models/deployments/{deployment_id}', { params: { path: { deployment_id: id } } })
      await query.refetch()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  const columns: Column<Deployment>[] = [
    {
      title: t('field.model'),
      render: (_, row) => (
        <div>
          <strong>{row.name}</strong> {!row.released && <Tag color="gold">{t('served.candidate')}</Tag>}
          {row.pool && (
            <div className="faint">
              {t(`deploy.serverName.${row.pool.engine}`)} · {row.pool.pool}
              {row.pool.accelerators > 0 && ` · ${row.pool.accelerators} × ${row.pool.accelerator}`}
            </div>
          )}
          {row.fault && <div style={{ color: 'var(--cy-cinnabar)' }}>{row.fault}</div>}
          {row.job_id && <Link to={`/jobs/${row.job_id}`}>{t('serve.job')}</Link>}
        </div>
      ),
    },
    { title: t('field.state'), render: (_, row) => <Status value={row.state} label={t(`state.${row.state}`)} /> },
    {
      title: t('deploy.replicas'),
      align: 'right',
      render: (_, row) => (
        <>
          <span className="num">
            {row.engines.filter((one) => one.state === 'ready' && one.variant === 'stable').length} / {row.replicas}
          </span>
          <div className="faint num">
            {row.scale.least}–{row.scale.most}
          </div>
        </>
      ),
    },
    { title: t('deploy.wait'), align: 'right', render: (_, row) => <Duration seconds={row.delay_ms / 1000} /> },
    { title: t('deploy.cost'), align: 'right', render: (_, row) => <Money micro={row.cost_micro} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        operator && (
          <span className="row" style={{ justifyContent: 'flex-end', flexWrap: 'nowrap' }}>
            <Button size="small" onClick={() => setChosen({ row, act: 'update' })}>
              {t('deploy.update')}
            </Button>
            <Button size="small" onClick={() => setChosen({ row, act: 'scale' })}>
              {t('deploy.scale')}
            </Button>
            {row.pool === null && (
              <Button size="small" href={`/api/v1/models/served/${row.id}/bundle`} download>
                {t('deploy.bundle')}
              </Button>
            )}
            <Popconfirm title={t('serve.removeAsk', { name: row.name })} onConfirm={() => void remove(row.id)}>
              <Button size="small" danger>
                {t('serve.remove')}
              </Button>
            </Popconfirm>
          </span>
        ),
    },
  ]
  const button = operator && <NewDeployment onMade={query.refetch} />
  const close = () => setChosen(null)
  return (
    <Page title={t('deploy.title')} description={t('deploy.description')} actions={button}>
      <DataTable
        label={t('deploy.title')}
        query={{ ...query, data: query.data && { items: query.data } }}
        columns={columns}
        rowKey={(row) => row.id}
        expand={(row) => <Variants row={row} operator={operator} onDone={query.refetch} />}
        empty={<EmptyState title={t('deploy.none')} next={t('deploy.next')} action={button} />}
      />
      <Snippet
        sources={[
          { label: 'CLI', code: 'ceyuan deployments create lab/mini models/lab/mini@main --most 2' },
          {
            label: 'vLLM',
            code: 'ceyuan deployments create lab/big models/lab/big@main --pool gpu --engine vllm --accelerator nvidia-a100-80g --accelerators 2 --environment /opt/vllm',
          },
          { label: 'Bundle', code: 'ceyuan deployments bundle lab/mini mini.tar\nceyuan up --bundle mini.tar' },
        ]}
      />
      {chosen?.act === 'update' && <UpdateDialogue row={chosen.row} onClose={close} onDone={query.refetch} />}
      {chosen?.act === 'scale' && <ScaleDialogue row={chosen.row} onClose={close} onDone={query.refetch} />}
    </Page>
  )
}
