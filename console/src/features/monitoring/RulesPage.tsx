import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Duration, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'

import { Severity } from './IncidentsPage'

type Rule = Item<'/api/v1/monitoring/rules'>
type Values = Sent<'/api/v1/monitoring/rules'>

const METRICS = ['calls', 'refused', 'blocked', 'flagged', 'failed', 'tokens', 'cost_micro', 'slowest_ms'] as const

function Fields() {
  const { t } = useTranslation('monitoring')
  return (
    <>
      <OrganisationField />
      <div className="grid-2">
        <Form.Item name="name_zh" label={t('rules.nameZh')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="name_en" label={t('rules.nameEn')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="metric" label={t('rules.metric')} rules={[{ required: true }]}>
          <Select options={METRICS.map((value) => ({ value, label: t(`metric.${value}`) }))} />
        </Form.Item>
        <Form.Item name="threshold" label={t('threshold')} rules={[{ required: true }]}>
          <InputNumber min={0} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="window_s" label={t('rules.window')}>
          <InputNumber min={10} max={86_400} style={{ width: '100%' }} suffix={t('rules.seconds')} />
        </Form.Item>
        <Form.Item name="severity" label={t('column.severity')}>
          <Select
            options={['notice', 'warning', 'serious'].map((value) => ({ value, label: t(`severity.${value}`) }))}
          />
        </Form.Item>
      </div>
    </>
  )
}

export function Component() {
  const { t } = useTranslation('monitoring')
  const text = useBilingual()
  const list = useListState([])
  const { proposed } = useWorkplaces('maintainer')
  const [open, setOpen] = useState(false)
  const query = $api.useQuery('get', '/api/v1/monitoring/rules', {
    params: { query: { sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 50 } },
  })
  const toggle = async (rule: Rule, is_enabled: boolean) => {
    await api.PATCH('/api/v1/monitoring/rules/{rule_id}', {
      params: { path: { rule_id: rule.id } },
      body: { is_enabled },
    })
    await query.refetch()
  }
  const create = async (body: Values) => {
    await api.POST('/api/v1/monitoring/rules', { body })
    await query.refetch()
  }
  const columns: Column<Rule>[] = [
    { title: t('rules.name'), render: (_, rule) => <strong>{text(rule, 'name')}</strong> },
    {
      title: t('rules.condition'),
      render: (_, rule) => (
        <>
          {t(`metric.${rule.metric}`, { defaultValue: rule.metric })} &gt; <Count value={rule.threshold} /> /{' '}
          <Duration seconds={rule.window_s} />
        </>
      ),
    },
    { title: t('column.severity'), render: (_, rule) => <Severity severity={rule.severity} /> },
    { title: t('rules.fired'), render: (_, rule) => <Time value={rule.fired_at} /> },
    {
      title: t('rules.on'),
      render: (_, rule) => (
        <Switch
          size="small"
          checked={rule.is_enabled}
          aria-label={text(rule, 'name')}
          onChange={(on) => void toggle(rule, on)}
        />
      ),
    },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('rules.new')}
    </Button>
  )
  return (
    <Page title={t('rules.title')} description={t('rules.description')} actions={button}>
      <DataTable
        label={t('rules.title')}
        query={query}
        columns={columns}
        rowKey={(rule) => rule.id}
        list={list}
        empty={<EmptyState title={t('rules.none')} next={t('rules.next')} action={button} />}
      />
      <FormModal<Values>
        open={open}
        title={t('rules.new')}
        submit={t('rules.new')}
        initial={{ org_id: proposed?.id, window_s: 300, severity: 'warning', metric: 'refused' }}
        onSubmit={create}
        onClose={() => setOpen(false)}
      >
        <Fields />
      </FormModal>
    </Page>
  )
}
