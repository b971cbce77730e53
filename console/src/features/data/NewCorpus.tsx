import { Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { ReferenceInput } from '@/ui/ReferenceInput'

import { useNames } from './names'
import { RecipeFields } from './RecipeFields'
import { recipeOf, type RecipeValues } from './recipes'
import { VisibilityField } from './VisibilityField'

interface Values extends RecipeValues {
  org_id: string
  sources: string[]
  dataset: string
  visibility: 'private' | 'internal' | 'public'
  zh?: string
  en?: string
}

interface NewCorpusProps {
  open: boolean
  /** Id of the source that the page was opened for. */
  source: string | null
  onClose: () => void
}

/** Starts a run: which sources, into which dataset, by which recipe. */
export function NewCorpus({ open, source, onClose }: NewCorpusProps) {
  const { t } = useTranslation('data')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const { parts } = useNames()
  const { data: sources } = $api.useQuery(
    'get',
    '/api/v1/data/sources',
    { params: { query: { limit: 200 } } },
    { enabled: open },
  )
  const start = async ({ zh, en, media, operators, parameters, semantic, recipe, ...values }: Values) => {
    const { data } = await api.POST('/api/v1/data/corpora', {
      body: {
        ...values,
        raw_dataset: null,
        recipe: recipeOf({ media, operators, parameters, semantic, recipe }, parts?.operators ?? []),
        full: false,
        title: { zh: zh || values.dataset, en: en || values.dataset },
      },
    })
    if (data) void navigate(`/data/pipelines/${data.job_id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('pipelines.new')}
      note={t('pipelines.newNote')}
      submit={t('pipelines.start')}
      width={640}
      initial={{
        org_id: proposed?.id,
        dataset: proposed ? `${proposed.name}/corpus-zh` : '',
        visibility: 'private',
        media: 'text',
        sources: source ? [source] : [],
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="sources" label={t('sources.title')} rules={[{ required: true }]}>
        <Select
          mode="multiple"
          optionFilterProp="label"
          options={(sources?.items ?? []).map((source) => ({ value: source.id, label: source.title || source.key }))}
        />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="dataset" label={t('pipelines.dataset')} rules={[{ required: true }]}>
          <ReferenceInput kind="dataset" plain />
        </Form.Item>
        <VisibilityField />
        <Form.Item name="zh" label={t('pipelines.titleZh')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="en" label={t('pipelines.titleEn')}>
          <Input maxLength={200} />
        </Form.Item>
      </div>
      <RecipeFields />
    </FormModal>
  )
}
