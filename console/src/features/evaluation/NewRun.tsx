import { Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import { useBilingual } from '@/lib/text'
import { FormModal } from '@/ui/FormModal'
import { ServedModels } from '@/ui/ServedModels'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { ReferenceInput } from '@/ui/ReferenceInput'

interface Values {
  org_id: string
  name: string
  repository: string
  models?: string[]
  families?: string[]
  per_family: number
  seed: number
  model?: string
  dataset?: string
}

/** Starts an evaluation of served models over generated items, and of a trained model's perplexity. */
export function NewRun({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('evaluation')
  const text = useBilingual()
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const { data: families } = $api.useQuery(
    'get',
    '/api/v1/evaluation/families',
    {},
    { enabled: open, staleTime: Infinity },
  )
  const start = async (values: Values) => {
    const { data } = await api.POST('/api/v1/evaluation/runs', {
      body: {
        org_id: values.org_id,
        name: values.name,
        repository: values.repository,
        plan: {
          models: values.models ?? [],
          families: values.families?.length ? values.families : null,
          per_family: values.per_family,
          seed: values.seed,
          max_tokens: 48,
          perplexity:
            values.model && values.dataset ? [{ model: values.model, dataset: values.dataset, documents: 400 }] : [],
        },
      },
    })
    if (data) void navigate(`/evaluation/runs/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      width={600}
      title={t('new.title')}
      submit={t('new.submit')}
      initial={{
        org_id: proposed?.id,
        per_family: 8,
        seed: 20260101,
        repository: proposed ? `${proposed.name}/evaluation` : '',
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="name" label={t('column.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={120} />
      </Form.Item>
      <Form.Item name="models" label={t('new.models')} extra={t('new.modelsNote')}>
        <ServedModels />
      </Form.Item>
      <Form.Item name="families" label={t('new.families')}>
        <Select
          mode="multiple"
          placeholder={t('new.all')}
          options={(families ?? []).map((family) => ({ value: family.name, label: text(family, 'label') }))}
        />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="per_family" label={t('new.perFamily')} rules={[{ required: true }]}>
          <InputNumber min={1} max={500} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="seed" label={t('new.seed')} rules={[{ required: true }]}>
          <InputNumber min={0} precision={0} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="model" label={t('new.perplexityModel')}>
          <ReferenceInput kind="model" />
        </Form.Item>
        <Form.Item name="dataset" label={t('new.perplexityDataset')}>
          <ReferenceInput kind="dataset" />
        </Form.Item>
      </div>
      <Form.Item name="repository" label={t('new.repository')} rules={[{ required: true }]}>
        <ReferenceInput kind="report" plain />
      </Form.Item>
    </FormModal>
  )
}
