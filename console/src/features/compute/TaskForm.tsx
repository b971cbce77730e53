import { Button, Form, Input, InputNumber, Select, Switch, type FormInstance } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Element } from '@/api/types'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Money } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'

import { QueueReason, type Explained } from './QueueReason'
import { useAccelerators, useRegions } from './words'

interface Values {
  org_id: string
  name: string
  command: string
  cpus: number
  memory_gib: number
  accelerator?: string
  accelerators: number
  nodes: number
  minutes: number
  retries: number
  image?: string
  network: boolean
  budget_micro?: number | null
  pools: string[]
  regions: string[]
  priority: number
  interruptible: boolean
}

const chargedAs = ({ charged_least: least, charged_most: most }: Checked) =>
  Number(least) === Number(most) ? `${Number(most)}` : `${Number(least)} – ${Number(most)}`

interface Checked {
  charged_least: string
  charged_most: string
  least_micro: number
  most_micro: number
  missing_micro: number
  queue: Explained
}

const WIDE = { width: '100%' }
const INITIAL = {
  cpus: 1,
  memory_gib: 1,
  accelerators: 1,
  nodes: 1,
  minutes: 60,
  retries: 0,
  network: false,
  pools: [] as string[],
  regions: [] as string[],
  priority: 0,
  interruptible: false,
}

const body = (values: Values) => ({
  org_id: values.org_id,
  task: {
    name: values.name,
    command: values.command,
    resources: {
      cpus: values.cpus,
      memory_gib: values.memory_gib,
      accelerator: values.accelerator ?? 'cpu',
      accelerators: values.accelerator ? values.accelerators : 0,
      nodes: values.nodes,
    },
    alternatives: [],
    environment: {},
    inputs: {},
    outputs: {},
    image: values.image?.trim() ?? '',
    network: values.network,
    time_limit_s: values.minutes * 60,
    retries: values.retries,
    budget_micro: values.budget_micro ?? null,
    pools: values.pools,
    regions: values.regions,
    priority: values.priority,
    interruptible: values.interruptible,
    notice_s: 30,
    gang_timeout_s: 600,
  },
})

/** What the task would cost, when it would start and what would make it start at once; nothing is queued. */
function DryRun({ form }: { form: FormInstance<Values> }) {
  const { t } = useTranslation('tasks')
  const [checked, setChecked] = useState<Checked | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const check = async () => {
    setBusy(true)
    setError(null)
    setChecked(null)
    try {
      const { data } = await api.POST('/api/v1/compute/tasks/check', { body: body(await form.validateFields()) })
      setChecked(data ?? null)
    } catch (problem) {
      // Fields that are not filled in say so themselves.
      if (!(problem && typeof problem === 'object' && 'errorFields' in problem)) setError(problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button onClick={() => void check()} loading={busy}>
        {t('check.run')}
      </Button>
      {error !== null && <ProblemView error={error} />}
      {checked && (
        <div style={{ marginTop: 12 }}>
          <Facts
            columns={2}
            facts={[
              { label: t('check.charged'), value: chargedAs(checked) },
              { label: t('check.least'), value: <Money micro={checked.least_micro} /> },
              { label: t('check.most'), value: <Money micro={checked.most_micro} /> },
              {
                label: t('check.missing'),
                value: checked.missing_micro > 0 ? <Money micro={checked.missing_micro} /> : null,
              },
            ]}
          />
          <QueueReason found={checked.queue} />
        </div>
      )}
    </>
  )
}

export function NewTask({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('tasks')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const { data: pools } = $api.useQuery('get', '/api/v1/compute/executor-pools', {}, { enabled: open })
  const kinds: Element<'/api/v1/compute/accelerators'>[] = useAccelerators()
  const { regions, name } = useRegions()
  const start = async (values: Values) => {
    const { data } = await api.POST('/api/v1/compute/tasks', { body: body(values) })
    if (data) void navigate(`/compute/tasks/${data.id}`)
  }
  const used = [...new Set((pools?.items ?? []).map((pool) => pool.region).filter(Boolean))]
  const inPools = new Set((pools?.items ?? []).flatMap((pool) => pool.nodes.map((node) => node.accelerator)))
  return (
    <FormModal<Values>
      open={open}
      width={640}
      title={t('new')}
      submit={t('run')}
      initial={{ org_id: proposed?.id ?? '', ...INITIAL }}
      onSubmit={start}
      onClose={onClose}
    >
      {(form) => (
        <>
          <OrganisationField />
          <Form.Item name="name" label={t('name')} rules={[{ required: true }]}>
            <Input autoFocus maxLength={120} />
          </Form.Item>
          <Form.Item name="command" label={t('command')} extra={t('commandNote')} rules={[{ required: true }]}>
            <Input.TextArea className="mono" maxLength={20_000} autoSize={{ minRows: 4 }} />
          </Form.Item>
          <div className="grid-2">
            <Form.Item name="cpus" label={t('cpus')} rules={[{ required: true }]}>
              <InputNumber min={1} max={4096} precision={0} style={WIDE} />
            </Form.Item>
            <Form.Item name="memory_gib" label={t('memory')} rules={[{ required: true }]}>
              <InputNumber min={0.1} suffix="GiB" style={WIDE} />
            </Form.Item>
            <Form.Item name="accelerator" label={t('accelerator')} extra={t('acceleratorNote')}>
              <Select
                allowClear
                showSearch
                options={kinds
                  .filter((kind) => kind.vendor !== 'cpu')
                  .map((kind) => ({
                    value: kind.name,
                    label: inPools.has(kind.name) ? kind.label : t('notConnected', { name: kind.label }),
                  }))}
              />
            </Form.Item>
            <Form.Item name="accelerators" label={t('perNode')} rules={[{ required: true }]}>
              <InputNumber min={1} max={16} precision={0} style={WIDE} />
            </Form.Item>
            <Form.Item name="nodes" label={t('nodes')} rules={[{ required: true }]}>
              <InputNumber min={1} max={10_000} precision={0} style={WIDE} />
            </Form.Item>
            <Form.Item name="image" label={t('image')} extra={t('imageNote')}>
              <Input className="mono" maxLength={400} />
            </Form.Item>
            <Form.Item name="minutes" label={t('limit')} rules={[{ required: true }]}>
              <InputNumber min={0.1} suffix="min" style={WIDE} />
            </Form.Item>
            <Form.Item name="retries" label={t('retries')}>
              <InputNumber min={0} max={10} precision={0} style={WIDE} />
            </Form.Item>
            <Form.Item name="budget_micro" label={t('budget')}>
              <MoneyInput />
            </Form.Item>
            <Form.Item name="priority" label={t('priority')} extra={t('priorityNote')}>
              <InputNumber min={-100} max={100} precision={0} style={WIDE} />
            </Form.Item>
            <Form.Item name="pools" label={t('pools.allowed')} extra={t('pools.allowedNote')}>
              <Select
                mode="multiple"
                allowClear
                options={(pools?.items ?? []).map((pool) => ({ value: pool.name, label: pool.name }))}
              />
            </Form.Item>
            <Form.Item name="regions" label={t('pools.region')} extra={t('pools.allowedNote')}>
              <Select
                mode="multiple"
                allowClear
                options={regions
                  .filter((region) => used.includes(region.name))
                  .map((region) => ({ value: region.name, label: name(region.name) }))}
              />
            </Form.Item>
            <Form.Item name="interruptible" label={t('interruptible')} valuePropName="checked">
              <Switch />
            </Form.Item>
            <Form.Item name="network" label={t('network')} valuePropName="checked">
              <Switch />
            </Form.Item>
          </div>
          <DryRun form={form} />
        </>
      )}
    </FormModal>
  )
}
