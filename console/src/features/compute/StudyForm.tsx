import { Alert, Button, Checkbox, Form, Input, InputNumber, Select, type FormInstance } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import { fieldFaults } from '@/api/problem'
import { serves, useSession } from '@/app/session'
import { ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page, Section } from '@/ui/Page'

import { sent, shown, type Fleet, type ScenarioValues } from './scenarioValues'
import { Scenarios } from './StudyScenarios'
import { blankScenario, planOf, type Plan, type Study } from './study'
import { useAccelerators } from './words'

interface Values {
  org_id: string
  name: string
  fleet: Plan['fleet']
  workload: {
    kind: 'recorded' | 'made_up' | 'trace'
    days: number
    everybody: boolean
    seed: number
    load: number
    mean_hours: number
    most_gb: number
    dataset?: string
    file?: string
    accelerator?: string
    per_node: number
    cpus_each: number
  }
  scenarios: ScenarioValues[]
}

const WIDE = { width: '100%' }
const DEFAULTS = {
  days: 7,
  everybody: false,
  seed: 1,
  load: 0.9,
  mean_hours: 2,
  most_gb: 1000,
  per_node: 8,
  cpus_each: 8,
}

function FleetFields({ form, fleet, error }: { form: FormInstance<Values>; fleet: Fleet | undefined; error: unknown }) {
  const { t } = useTranslation('twin')
  const kind = Form.useWatch(['fleet', 'kind'], form)
  const nodes = fleet?.nodes.reduce((sum, row) => sum + row.count, 0) ?? 0
  const sums = new Map<string, number>()
  for (const row of fleet?.nodes ?? []) {
    const name = row.accelerators > 0 ? row.accelerator : t('cpus')
    sums.set(name, (sums.get(name) ?? 0) + row.count * (row.accelerators || row.cpus))
  }
  const what = [...sums].map(([name, amount]) => `${name} × ${amount}`).join(', ')
  return (
    <>
      <Form.Item name={['fleet', 'kind']} label={t('fleet')} required>
        <Select
          options={(['pools', 'offers', 'ring'] as const).map((value) => ({ value, label: t(`fleets.${value}`) }))}
        />
      </Form.Item>
      {kind === 'ring' && (
        <div className="grid-2">
          <Form.Item name={['fleet', 'accelerators']} label={t('accelerators')}>
            <InputNumber min={8} max={1024} step={8} style={WIDE} />
          </Form.Item>
          <Form.Item name={['fleet', 'seed']} label={t('seed')}>
            <InputNumber min={0} precision={0} style={WIDE} />
          </Form.Item>
        </div>
      )}
      {error ? <ProblemView error={error} /> : null}
      {fleet &&
        (nodes > 0 ? (
          <p className="faint">{t('fleetNote', { places: fleet.places.length, nodes, what })}</p>
        ) : (
          <Alert type="warning" showIcon title={t('noFleet')} />
        ))}
    </>
  )
}

function TraceFields() {
  const { t } = useTranslation('twin')
  const accelerators = useAccelerators()
  return (
    <>
      <Form.Item
        name={['workload', 'dataset']}
        label={t('trace.dataset')}
        extra={t('trace.note')}
        rules={[{ required: true }]}
      >
        <Input maxLength={300} placeholder="datasets/lab/traces@main" />
      </Form.Item>
      <Form.Item name={['workload', 'file']} label={t('trace.file')} rules={[{ required: true }]}>
        <Input maxLength={500} placeholder="trace.csv" />
      </Form.Item>
      <Form.Item name={['workload', 'accelerator']} label={t('trace.accelerator')}>
        <Select allowClear showSearch options={accelerators.map((each) => ({ value: each.name, label: each.label }))} />
      </Form.Item>
      <Form.Item name={['workload', 'per_node']} label={t('trace.perNode')}>
        <InputNumber min={1} max={16} precision={0} style={WIDE} />
      </Form.Item>
    </>
  )
}

function WorkloadFields({ form }: { form: FormInstance<Values> }) {
  const { t } = useTranslation('twin')
  const operator = serves(useSession(), 'operator')
  const kind = Form.useWatch(['workload', 'kind'], form)
  return (
    <>
      <Form.Item name={['workload', 'kind']} label={t('workload')} required>
        <Select
          options={(['made_up', 'recorded', 'trace'] as const).map((value) => ({
            value,
            label: t(`workloads.${value}`),
          }))}
        />
      </Form.Item>
      <div className="grid-2">
        {kind === 'trace' ? (
          <TraceFields />
        ) : (
          <Form.Item name={['workload', 'days']} label={t('days')} rules={[{ required: true }]}>
            <InputNumber min={0.05} max={400} style={WIDE} />
          </Form.Item>
        )}
        {kind === 'recorded' && operator && (
          <Form.Item name={['workload', 'everybody']} valuePropName="checked" label=" ">
            <Checkbox>{t('everybody')}</Checkbox>
          </Form.Item>
        )}
        {kind === 'made_up' && (
          <>
            <Form.Item name={['workload', 'load']} label={t('load')} rules={[{ required: true }]}>
              <InputNumber min={0.01} max={5} step={0.05} style={WIDE} />
            </Form.Item>
            <Form.Item name={['workload', 'mean_hours']} label={t('meanHours')} rules={[{ required: true }]}>
              <InputNumber min={0.01} max={500} style={WIDE} />
            </Form.Item>
            <Form.Item name={['workload', 'most_gb']} label={t('mostGb')} rules={[{ required: true }]}>
              <InputNumber min={1} max={1_000_000} style={WIDE} />
            </Form.Item>
            <Form.Item name={['workload', 'seed']} label={t('seed')} rules={[{ required: true }]}>
              <InputNumber min={0} precision={0} style={WIDE} />
            </Form.Item>
          </>
        )}
      </div>
    </>
  )
}

/** The workload as it is sent: what its kind knows. */
function asked(given: Values['workload']): Plan['workload'] {
  const { kind, days, everybody, seed, load, mean_hours, most_gb } = given
  if (kind === 'recorded') return { kind, days, everybody }
  if (kind === 'made_up')
    return { kind, days, seed, load, mean_hours, most_gb, owners: 4, least_gb: Math.min(1, most_gb) }
  const { dataset = '', file = '', accelerator = '', per_node, cpus_each } = given
  return { kind, dataset, file, accelerator, per_node, cpus_each }
}

function useInitial(from: Study | undefined): Partial<Values> {
  const { t } = useTranslation('twin')
  const { proposed } = useWorkplaces()
  if (from) {
    const plan = planOf(from)
    return {
      org_id: from.org_id,
      name: from.name,
      fleet: plan.fleet,
      workload: { ...DEFAULTS, ...plan.workload },
      scenarios: plan.scenarios.map(shown),
    }
  }
  const first = shown(blankScenario(t('asItIs')))
  return {
    ...(proposed ? { org_id: proposed.id } : {}),
    name: '',
    fleet: { kind: 'pools', seed: 1, accelerators: 64 },
    workload: { kind: 'made_up', ...DEFAULTS },
    scenarios: [first, { ...first, name: t('changed') }],
  }
}

function Study({ from }: { from: Study | undefined }) {
  const { t } = useTranslation('twin')
  const navigate = useNavigate()
  const [form] = Form.useForm<Values>()
  const initial = useInitial(from)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const org = Form.useWatch('org_id', form) ?? initial.org_id ?? ''
  const wanted = Form.useWatch('fleet', form) ?? initial.fleet
  const { data: fleet, error: fault } = $api.useQuery(
    'get',
    '/api/v1/compute/twin/fleet',
    {
      params: {
        query: {
          org_id: org,
          kind: wanted?.kind ?? 'pools',
          seed: wanted?.seed ?? 1,
          accelerators: wanted?.accelerators ?? 64,
        },
      },
    },
    { enabled: Boolean(org), placeholderData: (held) => held, retry: false },
  )
  const start = async (values: Values) => {
    if (!fleet) return
    setBusy(true)
    setError(null)
    const workload = asked({ ...DEFAULTS, ...values.workload })
    try {
      const { data } = await api.POST('/api/v1/compute/twin/studies', {
        body: {
          org_id: values.org_id,
          name: values.name,
          plan: {
            fleet: { ...initial.fleet, ...values.fleet } as Plan['fleet'],
            workload,
            links: from ? planOf(from).links : [],
            scenarios: values.scenarios.map((one) => sent(one, fleet)),
          },
        },
      })
      if (data) void navigate(`/compute/twin/${data.id}`)
    } catch (problem) {
      setError(problem)
      form.setFields(fieldFaults(problem) as Parameters<typeof form.setFields>[0])
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page title={t('new')} crumbs={[{ label: t('title'), to: '/compute/twin' }, { label: t('new') }]}>
      <Form<Values>
        form={form}
        layout="vertical"
        requiredMark="optional"
        initialValues={initial}
        scrollToFirstError
        onFinish={(values) => void start(values)}
        style={{ display: 'grid', gap: 16 }}
      >
        <Section>
          <div className="grid-2">
            <Form.Item name="name" label={t('name')} rules={[{ required: true }]}>
              <Input maxLength={120} autoFocus />
            </Form.Item>
            <OrganisationField />
          </div>
          <div className="grid-2">
            <div>
              <FleetFields form={form} fleet={fleet} error={fault} />
            </div>
            <div>
              <WorkloadFields form={form} />
            </div>
          </div>
        </Section>
        <Scenarios fleet={fleet} />
        {error !== null && <ProblemView error={error} />}
        <div>
          <Button type="primary" htmlType="submit" loading={busy} disabled={!fleet || fleet.nodes.length === 0}>
            {t('start')}
          </Button>
        </div>
      </Form>
    </Page>
  )
}

/** A new study, from nothing or from another one (`?from=`). */
export function Component() {
  const [params] = useSearchParams()
  const from = params.get('from')
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/twin/studies/{study_id}',
    { params: { path: { study_id: from ?? '' } } },
    { enabled: Boolean(from) },
  )
  if (from && query.error) return <ProblemView page error={query.error} />
  if (from && !query.data) return <Loading />
  return <Study key={from ?? ''} from={query.data} />
}
