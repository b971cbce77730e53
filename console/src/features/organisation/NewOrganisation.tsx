import { PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import type { Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { SESSION_KEY } from '@/app/sessionQuery'
import { FormModal } from '@/ui/FormModal'

type Values = Sent<'/api/v1/organisations'>

export const KINDS = [
  'company',
  'lab',
  'university',
  'institute',
  'hospital',
  'park',
  'government',
  'association',
  'other',
] as const

/** Founds an organisation and switches to it. */
export function NewOrganisation() {
  const { t } = useTranslation('organisation')
  const queries = useQueryClient()
  const { update } = usePreferences()
  const [open, setOpen] = useState(false)
  const found = async (values: Values) => {
    const { data } = await api.POST('/api/v1/organisations', {
      body: { ...values, credit_code: values.credit_code || null, description: '', website: '' },
    })
    await queries.invalidateQueries({ queryKey: SESSION_KEY })
    if (data) update({ organisation: data.id })
  }
  return (
    <>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
        {t('new.title')}
      </Button>
      <FormModal<Values>
        open={open}
        title={t('new.title')}
        submit={t('new.submit')}
        initial={{ kind: 'company', is_listed: true }}
        onSubmit={found}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="display_name" label={t('field.display')} rules={[{ required: true }]}>
          <Input autoFocus maxLength={120} />
        </Form.Item>
        <Form.Item name="name" label={t('field.name')} extra={t('field.nameNote')} rules={[{ required: true }]}>
          <Input maxLength={39} />
        </Form.Item>
        <Form.Item name="kind" label={t('field.kind')} rules={[{ required: true }]}>
          <Select options={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))} />
        </Form.Item>
        <Form.Item name="credit_code" label={t('field.code')}>
          <Input maxLength={18} />
        </Form.Item>
        <Form.Item name="is_listed" label={t('field.listed')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </FormModal>
    </>
  )
}
