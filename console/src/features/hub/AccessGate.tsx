import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Checkbox, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { useSession } from '@/app/session'
import { FormModal } from '@/ui/FormModal'
import { Markdown } from '@/ui/Markdown'

import { pathOf, type Place } from './RepositoryPage'

const ACCESS = '/api/v1/repositories/{kind}/{owner}/{name}/access'

type Access = Got<typeof ACCESS>
type Field = Access['fields'][number]
type Values = Record<string, string | boolean | undefined>

function FieldInput({ field, index }: { field: Field; index: number }) {
  const { t } = useTranslation('hub')
  const name = `f${index}`
  if (field.type === 'checkbox') {
    const agreed = (_: unknown, value: unknown) =>
      value === true ? Promise.resolve() : Promise.reject(new Error(t('gate.agree')))
    return (
      <Form.Item name={name} valuePropName="checked" rules={[{ validator: agreed }]}>
        <Checkbox>{field.name}</Checkbox>
      </Form.Item>
    )
  }
  return (
    <Form.Item name={name} label={field.name} rules={[{ required: true }]}>
      {field.type === 'select' ? (
        <Select options={field.options.map((value) => ({ value, label: value }))} />
      ) : (
        <Input maxLength={2000} type={field.type === 'date' ? 'date' : 'text'} />
      )}
    </Form.Item>
  )
}

/** Above a gated repository's files: how things stand for the reader, and the form to ask for them. */
export function AccessGate({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const queries = useQueryClient()
  const session = useSession()
  const [asking, setAsking] = useState(false)
  const path = pathOf(place)
  const { data } = $api.useQuery('get', ACCESS, { params: { path } })
  if (!data || data.open || data.gate === 'no') return null
  const ask = async (values: Values) => {
    const fields = Object.fromEntries(data.fields.map((field, index) => [field.name, values[`f${index}`] ?? '']))
    await api.POST(ACCESS, { params: { path }, body: { fields } })
    // The files are open or will be: whatever was refused is asked for anew.
    await queries.invalidateQueries()
  }
  const words = data.status === 'pending' ? 'pending' : data.status === 'rejected' ? 'rejected' : data.gate
  return (
    <>
      <Alert
        type={data.status === 'rejected' ? 'error' : data.status === 'pending' ? 'info' : 'warning'}
        showIcon
        title={t(`gate.title.${words}`)}
        description={data.status === 'rejected' && data.reason ? data.reason : t(`gate.note.${words}`)}
        action={
          data.status === null &&
          session.organisations.length > 0 && (
            <Button type="primary" onClick={() => setAsking(true)}>
              {t('gate.ask')}
            </Button>
          )
        }
      />
      <FormModal<Values>
        open={asking}
        title={t('gate.ask')}
        submit={t('gate.submit')}
        width={640}
        onSubmit={ask}
        onClose={() => setAsking(false)}
      >
        {data.prompt && <Markdown text={data.prompt} />}
        <p className="soft">{t('gate.told')}</p>
        {data.fields.map((field, index) => (
          <FieldInput key={field.name} field={field} index={index} />
        ))}
      </FormModal>
    </>
  )
}
