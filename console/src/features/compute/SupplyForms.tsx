import { Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useQueryClient } from '@tanstack/react-query'

import { api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { FormModal } from '@/ui/FormModal'

import { EvidenceFields, evidenceOf, type EvidenceValues } from './EvidenceFields'
import { useAccelerators, useRegions } from './words'

type SiteIn = Sent<'/api/v1/compute/sites'>
type PoolIn = Sent<'/api/v1/compute/pools'>
type SiteValues = Pick<SiteIn, 'name' | 'region' | 'city' | 'pue' | 'carbon_g_kwh' | 'uplink_gbps'> & EvidenceValues
type PoolValues = Omit<PoolIn, 'site_id' | 'evidence' | 'throughput'> & EvidenceValues

const WIDE = { width: '100%' }

export function NewSite({
  partnerId,
  open,
  onClose,
  onDone,
}: {
  partnerId: string
  open: boolean
  onClose: () => void
  onDone: () => Promise<unknown>
}) {
  const { t } = useTranslation('compute')
  const { regions, name } = useRegions()
  const add = async ({ source, evidence_until, ...values }: SiteValues) => {
    const evidence = evidenceOf({ ...(source && evidence_until ? { source, evidence_until } : {}) })
    await api.POST('/api/v1/compute/sites', {
      body: { ...values, city: values.city ?? '', partner_id: partnerId, evidence },
    })
    await onDone()
  }
  return (
    <FormModal<SiteValues> open={open} title={t('form.site')} submit={t('form.save')} onSubmit={add} onClose={onClose}>
      <Form.Item name="name" label={t('site')} rules={[{ required: true }]}>
        <Input maxLength={120} />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="region" label={t('region')} rules={[{ required: true }]}>
          <Select
            showSearch
            optionFilterProp="label"
            options={regions.map((each) => ({ value: each.name, label: name(each.name) }))}
          />
        </Form.Item>
        <Form.Item name="city" label={t('city')}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="pue" label="PUE">
          <InputNumber min={1} max={3} step={0.01} style={WIDE} />
        </Form.Item>
        <Form.Item name="carbon_g_kwh" label={t('gridCarbon')}>
          <InputNumber min={0} max={2000} suffix="g/kWh" style={WIDE} />
        </Form.Item>
        <Form.Item name="uplink_gbps" label={t('uplink')}>
          <InputNumber min={0.1} suffix="Gbit/s" style={WIDE} />
        </Form.Item>
      </div>
      <EvidenceFields />
    </FormModal>
  )
}

export function NewPool({ site, onClose }: { site: Item<'/api/v1/compute/sites'> | null; onClose: () => void }) {
  const { t } = useTranslation('compute')
  const client = useQueryClient()
  const accelerators = useAccelerators()
  const add = async ({ source, evidence_until, ...values }: PoolValues) => {
    const evidence = evidenceOf({ ...(source && evidence_until ? { source, evidence_until } : {}) })
    await api.POST('/api/v1/compute/pools', {
      body: { ...values, site_id: site?.id ?? '', throughput: [], evidence },
    })
    await client.invalidateQueries({ queryKey: ['get', '/api/v1/compute/pools'] })
  }
  return (
    <FormModal<PoolValues>
      open={site !== null}
      width={640}
      title={t('form.pool')}
      submit={t('form.save')}
      initial={{
        nodes: 1,
        per_node: 8,
        cpu_cores: 128,
        host_memory_gib: 2048,
        network: 'InfiniBand',
        network_gbps: 400,
        storage_tb: 100,
      }}
      onSubmit={add}
      onClose={onClose}
    >
      <div className="grid-2">
        <Form.Item name="name" label={t('pool')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="accelerator" label={t('accelerator')} rules={[{ required: true }]}>
          <Select
            showSearch
            optionFilterProp="label"
            options={accelerators.map((each) => ({ value: each.name, label: each.label }))}
          />
        </Form.Item>
        <Form.Item name="nodes" label={t('nodes')} rules={[{ required: true }]}>
          <InputNumber min={1} max={100_000} precision={0} style={WIDE} />
        </Form.Item>
        <Form.Item name="per_node" label={t('perNode')} rules={[{ required: true }]}>
          <InputNumber min={1} max={128} precision={0} style={WIDE} />
        </Form.Item>
        <Form.Item name="cpu_cores" label={t('cpuCores')} rules={[{ required: true }]}>
          <InputNumber min={1} max={4096} precision={0} style={WIDE} />
        </Form.Item>
        <Form.Item name="host_memory_gib" label={t('hostMemory')} rules={[{ required: true }]}>
          <InputNumber min={1} suffix="GiB" style={WIDE} />
        </Form.Item>
        <Form.Item name="network" label={t('network')} rules={[{ required: true }]}>
          <Input maxLength={40} />
        </Form.Item>
        <Form.Item name="network_gbps" label={t('networkSpeed')} rules={[{ required: true }]}>
          <InputNumber min={0.1} suffix="Gbit/s" style={WIDE} />
        </Form.Item>
        <Form.Item name="storage_tb" label={t('storage')} rules={[{ required: true }]}>
          <InputNumber min={0} suffix="TB" style={WIDE} />
        </Form.Item>
      </div>
      <EvidenceFields />
    </FormModal>
  )
}
