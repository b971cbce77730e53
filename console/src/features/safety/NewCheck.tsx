import { Form, Input, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { ServedModels } from '@/ui/ServedModels'

interface Values {
  org_id: string
  name: string
  repository: string
  dataset?: string
  texts: number
  models?: string[]
  answers: number
  seed: number
}

/** Starts a safety check of a dataset's sample and of models' answers. */
export function NewCheck({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('safety')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const start = async ({ org_id, name, repository, dataset, models, texts, answers, seed }: Values) => {
    const { data } = await api.POST('/api/v1/safety/checks', {
      body: {
        org_id,
        name,
        repository,
        plan: {
          dataset: dataset || null,
          models: models ?? [],
          texts,
          answers,
          seed,
          corpus_pass: 0.98,
          answer_pass: 0.9,
        },
      },
    })
    if (data) void navigate(`/governance/safety/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('new.title')}
      note={t('new.note')}
      submit={t('new.submit')}
      initial={{
        org_id: proposed?.id,
        texts: 2000,
        answers: 24,
        seed: 20260101,
        repository: proposed ? `${proposed.name}/safety` : '',
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="name" label={t('column.name')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={120} />
      </Form.Item>
      <Form.Item name="dataset" label={t('new.dataset')}>
        <ReferenceInput kind="dataset" />
      </Form.Item>
      <Form.Item name="models" label={t('new.models')}>
        <ServedModels />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="texts" label={t('new.texts')}>
          <InputNumber min={1} max={200_000} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="answers" label={t('new.answers')}>
          <InputNumber min={1} max={5000} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="seed" label={t('new.seed')}>
          <InputNumber min={0} precision={0} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="repository" label={t('new.repository')} rules={[{ required: true }]}>
          <ReferenceInput kind="report" plain />
        </Form.Item>
      </div>
    </FormModal>
  )
}
