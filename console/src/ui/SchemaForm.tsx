import { DatePicker, Form, Input, InputNumber, Select, Switch } from 'antd'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'

import { usePreferences, type Language } from '@/app/preferences'

/** A field of a form as the platform's workflows describe it (JSON Schema with labels in both languages). */
export interface FieldSchema {
  type: 'string' | 'number' | 'integer' | 'boolean'
  title?: string
  'x-title-en'?: string
  'x-lines'?: number
  'x-unit'?: string
  'x-options'?: Record<string, { zh: string; en: string }>
  enum?: string[]
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}

export interface FormSchema {
  properties?: Record<string, FieldSchema>
  required?: string[]
}

const MICRO = 1_000_000

const isMoney = (field: FieldSchema): boolean => field['x-unit'] === 'micro-yuan'

function labelOf(name: string, field: FieldSchema, language: Language): string {
  return (language === 'zh' ? field.title : field['x-title-en']) ?? field.title ?? name
}

function Control({ field, ...rest }: { field: FieldSchema }) {
  const { language } = usePreferences()
  if (field.type === 'boolean') return <Switch {...rest} />
  if (isMoney(field)) return <InputNumber {...rest} prefix="¥" min={0} step={100} style={{ width: '100%' }} />
  if (field.type !== 'string') {
    return (
      <InputNumber
        {...rest}
        min={field.minimum}
        max={field.maximum}
        precision={field.type === 'integer' ? 0 : undefined}
        style={{ width: '100%' }}
      />
    )
  }
  if (field.enum) {
    const options = field.enum.map((value) => ({ value, label: field['x-options']?.[value]?.[language] ?? value }))
    return <Select {...rest} options={options} />
  }
  if (field.format === 'date') return <DatePicker {...rest} style={{ width: '100%' }} />
  const lines = field['x-lines'] ?? 1
  return lines > 1 ? (
    <Input.TextArea {...rest} maxLength={field.maxLength} autoSize={{ minRows: lines, maxRows: lines * 3 }} />
  ) : (
    <Input {...rest} maxLength={field.maxLength} />
  )
}

/** The fields of a form that a JSON Schema describes; stands inside an Ant Design form. */
export function SchemaFields({ schema }: { schema: FormSchema }) {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {}).map(([name, field]) => (
    <Form.Item
      key={name}
      name={name}
      label={labelOf(name, field, language)}
      valuePropName={field.type === 'boolean' ? 'checked' : 'value'}
      rules={[{ required: required.has(name), message: t('required') }]}
    >
      <Control field={field} />
    </Form.Item>
  ))
}

/** What the form holds, as the platform wants it: yuan as micro-yuan, days as text, nothing that was left empty. */
export function schemaValues(schema: FormSchema, values: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const value = values[name]
    if (value === undefined || value === null || value === '') continue
    if (isMoney(field) && typeof value === 'number') out[name] = Math.round(value * MICRO)
    else if (dayjs.isDayjs(value)) out[name] = value.format('YYYY-MM-DD')
    else out[name] = value
  }
  return out
}
