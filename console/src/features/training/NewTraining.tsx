import { Form, Input, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { ReferenceInput } from '@/ui/ReferenceInput'

const SETTINGS = ['steps', 'batch', 'learning_rate', 'seed'] as const

interface Values {
  org_id: string
  dataset: string
  model: string
  licence?: string
  recipe?: Partial<Record<(typeof SETTINGS)[number], number>>
}

/** Starts a training run from a dataset's revision. */
export function NewTraining({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('training')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const { data: standard } = $api.useQuery('get', '/api/v1/training/recipe', {}, { enabled: open, staleTime: Infinity })
  const start = async ({ recipe, licence, ...values }: Values) => {
    const changed = Object.fromEntries(
      Object.entries(recipe ?? {}).filter(([, value]) => value !== null && value !== undefined),
    )
    const { data } = await api.POST('/api/v1/training/runs', {
      body: { ...values, licence: licence ?? '', visibility: 'private', recipe: changed },
    })
    if (data) void navigate(`/models/trainings/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('new.title')}
      note={t('new.note')}
      submit={t('new.submit')}
      initial={{ org_id: proposed?.id, model: proposed ? `${proposed.name}/mini-zh` : '' }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="dataset" label={t('fact.dataset')} rules={[{ required: true }]}>
        <ReferenceInput kind="dataset" />
      </Form.Item>
      <Form.Item name="model" label={t('column.model')} extra={t('new.modelNote')} rules={[{ required: true }]}>
        <ReferenceInput kind="model" plain />
      </Form.Item>
      <div className="grid-2">
        {SETTINGS.map((name) => {
          const [least, most] = standard?.bounds[name] ?? []
          const usual = standard?.recipe[name]
          return (
            <Form.Item key={name} name={['recipe', name]} label={t(`recipeField.${name}`)}>
              <InputNumber
                style={{ width: '100%' }}
                min={least as number | undefined}
                max={most as number | undefined}
                placeholder={usual === undefined ? '' : String(usual)}
              />
            </Form.Item>
          )
        })}
      </div>
      <Form.Item name="licence" label={t('new.licence')}>
        <Input maxLength={60} placeholder="apache-2.0" />
      </Form.Item>
    </FormModal>
  )
}
