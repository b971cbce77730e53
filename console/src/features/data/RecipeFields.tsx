import { Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { ImportRecipe } from './ImportRecipe'
import { useNames } from './names'
import { OperatorParameters } from './OperatorParameters'
import { isObject, offered, type Media } from './recipes'
import { SemanticFields } from './SemanticFields'

const MEDIA = ['text', 'images', 'speech', 'video'] as const

/** What is done with the documents beyond the usual. */
export function RecipeFields() {
  const { t } = useTranslation('data')
  const { parts, side } = useNames()
  const form = Form.useFormInstance()
  const media = Form.useWatch<Media | undefined>('media') ?? 'text'
  const names = Form.useWatch<string[] | undefined>('operators') ?? []
  const choices = offered(parts?.operators ?? [], media)
  const chosen = choices.filter((one) => names.includes(one.name))
  return (
    <>
      <Form.Item name="media" label={t('pipelines.media')} rules={[{ required: true }]}>
        <Select
          onChange={() => form.setFieldValue('operators', [])}
          options={MEDIA.map((value) => ({ value, label: t(`pipelines.mediaKind.${value}`) }))}
        />
      </Form.Item>
      <Form.Item
        name="operators"
        label={t('pipelines.operators')}
        extra={t(media === 'text' ? 'pipelines.operatorsNote' : 'pipelines.mediaOperatorsNote')}
      >
        <Select
          mode="multiple"
          showSearch={{ optionFilterProp: 'search' }}
          optionRender={({ label, data }) => (
            <>
              {label} {'summary' in data && <div className="faint">{String(data.summary)}</div>}
            </>
          )}
          options={(['map', 'stat'] as const)
            .map((kind) => ({
              label: t(`pipelines.operatorKind.${kind}`),
              options: choices
                .filter((one) => one.kind === kind)
                .map((one) => ({
                  value: one.name,
                  label: one.title[side],
                  summary: one.summary[side],
                  search: `${one.name} ${one.title.join(' ')} ${one.summary.join(' ')}`,
                })),
            }))
            .filter((group) => group.options.length > 0)}
        />
      </Form.Item>
      <OperatorParameters chosen={chosen} side={side} />
      {media === 'text' && <SemanticFields />}
      <ImportRecipe side={side} onRead={(recipe) => form.setFieldValue('recipe', JSON.stringify(recipe, null, 2))} />
      <Form.Item
        name="recipe"
        label={t('pipelines.recipe')}
        extra={t('pipelines.recipeNote')}
        rules={[
          {
            validator: (_, value: string | undefined) =>
              !value?.trim() || isObject(value)
                ? Promise.resolve()
                : Promise.reject(new Error(t('pipelines.noObject'))),
          },
        ]}
      >
        <Input.TextArea
          maxLength={50_000}
          autoSize={{ minRows: 2, maxRows: 14 }}
          className="mono"
          placeholder='{"thresholds": {"law": {"too_short": {"at_least": 20}}}}'
        />
      </Form.Item>
    </>
  )
}
