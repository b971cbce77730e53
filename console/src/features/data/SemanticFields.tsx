import { Form, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'

import type { Semantic } from './recipes'

/** Served models that make embeddings. */
function Models() {
  const { t } = useTranslation('data')
  const { data } = $api.useQuery('get', '/api/v1/models/served', { params: { query: { state: 'ready', limit: 100 } } })
  const names = (data?.items ?? []).filter((row) => row.capabilities.includes('embeddings')).map((row) => row.name)
  return (
    <Form.Item
      name={['semantic', 'model']}
      label={t('semantic.model')}
      extra={data && names.length === 0 ? t('semantic.noModel') : t('semantic.modelNote')}
      rules={[{ required: true }]}
    >
      <Select showSearch options={names.map((value) => ({ value, label: value }))} />
    </Form.Item>
  )
}

/** Whether documents that say the same in other words are sought, and by which vectors. */
export function SemanticFields() {
  const { t } = useTranslation('data')
  const by = Form.useWatch<Semantic['by'] | undefined>(['semantic', 'by']) ?? 'none'
  return (
    <>
      <Form.Item name={['semantic', 'by']} label={t('semantic.title')} extra={t('semantic.note')} initialValue="none">
        <Select
          options={(['none', 'source', 'model'] as const).map((value) => ({ value, label: t(`semantic.by.${value}`) }))}
        />
      </Form.Item>
      {by !== 'none' && (
        <div className="grid-2">
          {by === 'model' && <Models />}
          <Form.Item
            name={['semantic', 'threshold']}
            label={t('semantic.threshold')}
            extra={t('semantic.thresholdNote')}
            initialValue={0.95}
            rules={[{ required: true }]}
          >
            <InputNumber min={0.7} max={1} step={0.01} style={{ width: '100%' }} />
          </Form.Item>
        </div>
      )}
    </>
  )
}
