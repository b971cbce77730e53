import { App, Button, Form, InputNumber, Select, Slider, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Got, Sent } from '@/api/types'
import { holds, useSession, type Membership } from '@/app/session'
import { OrganisationFrame } from '@/features/organisation/OrganisationFrame'
import { ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

const PATH = '/api/v1/gateway/policies/{org_id}'

type Policy = Got<typeof PATH>
type Wishes = Sent<typeof PATH, 'put'>

function Embedders() {
  const { t } = useTranslation('gateway')
  const { data } = $api.useQuery('get', '/api/v1/models/served', { params: { query: { state: 'ready', limit: 100 } } })
  const names = (data?.items ?? []).filter((row) => row.capabilities.includes('embeddings')).map((row) => row.name)
  return (
    <Form.Item name="semantic_model" label={t('policy.semantic')} extra={t('policy.semanticNote')}>
      <Select
        options={[{ value: '', label: t('policy.semanticOff') }, ...names.map((value) => ({ value, label: value }))]}
      />
    </Form.Item>
  )
}

function PolicyForm({ policy, may, onSaved }: { policy: Policy; may: boolean; onSaved: () => unknown }) {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const [form] = Form.useForm<Wishes>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const save = async (values: Wishes) => {
    setBusy(true)
    setError(null)
    try {
      const body: Wishes = { ...(values as object as Wishes), label: values.label ?? null }
      await api.PUT(PATH, { params: { path: { org_id: policy.org_id } }, body })
      await onSaved()
      void message.success(t('policy.saved'))
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Form<Wishes>
      form={form}
      layout="vertical"
      disabled={!may}
      initialValues={policy}
      onFinish={(values) => void save(values)}
      style={{ maxWidth: 760 }}
    >
      <Section title={t('policy.where')}>
        <Form.Item name="inside" label={t('policy.inside')} extra={t('policy.insideNote')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="mask_outside" label={t('policy.mask')} extra={t('policy.maskNote')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="label" label={t('policy.label')} extra={t('policy.labelNote')}>
          <Select
            allowClear
            placeholder={t('policy.labelDefault', { label: t(`policy.labels.${policy.platform_label}`) })}
            options={['off', 'header', 'field', 'text'].map((value) => ({ value, label: t(`policy.labels.${value}`) }))}
          />
        </Form.Item>
      </Section>
      <Section title={t('policy.kept')}>
        <Form.Item name="store_bodies" label={t('policy.store')} extra={t('policy.storeNote')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item
          name="redact_bodies"
          label={t('policy.redact')}
          extra={t('policy.redactNote')}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
        <Form.Item
          name="keep_bodies_days"
          label={t('policy.days')}
          extra={t('policy.daysNote', { days: policy.platform_bodies_days, calls: policy.keep_calls_days })}
        >
          <InputNumber min={0} max={3650} precision={0} />
        </Form.Item>
      </Section>
      <Section title={t('policy.cache')}>
        <Form.Item name="cache_s" label={t('policy.cacheFor')} extra={t('policy.cacheNote')}>
          <InputNumber min={0} max={604_800} precision={0} suffix="s" style={{ width: 180 }} />
        </Form.Item>
        <Embedders />
        <Form.Item name="semantic_likeness" label={t('policy.likeness')}>
          <Slider min={0.5} max={1} step={0.01} />
        </Form.Item>
      </Section>
      {error !== null && <ProblemView error={error} />}
      {may && (
        <Button type="primary" htmlType="submit" loading={busy}>
          {t('limits.save')}
        </Button>
      )}
    </Form>
  )
}

function OrganisationPolicy({ organisation }: { organisation: Membership }) {
  const session = useSession()
  const query = $api.useQuery('get', PATH, { params: { path: { org_id: organisation.id } } })
  if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  return (
    <>
      <PolicyForm
        key={organisation.id}
        policy={query.data}
        may={holds(session, organisation.id, 'maintainer')}
        onSaved={query.refetch}
      />
      <Snippet
        sources={[
          { label: 'CLI', code: `ceyuan gateway policy ${organisation.name}` },
          {
            label: 'curl',
            code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" ${location.origin}/api/v1/gateway/policies/${organisation.id}`,
          },
        ]}
      />
    </>
  )
}

/** What an organisation wants of its calls: where they may go, what is kept of them, what may be answered again. */
export function Component() {
  const { t } = useTranslation('gateway')
  return (
    <OrganisationFrame title={t('policy.title')} description={t('policy.description')}>
      {(organisation) => <OrganisationPolicy organisation={organisation} />}
    </OrganisationFrame>
  )
}
