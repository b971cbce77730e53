import { Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'

/** Asks for the password, of those who have one: who signs in through an identity provider may have none. */
export function CurrentPassword({ name, why }: { name: string; why?: string }) {
  const { t } = useTranslation('me')
  const { data: me } = $api.useQuery('get', '/api/v1/me')
  if (me?.has_password === false) return null
  return (
    <Form.Item name={name} label={t('password.current')} extra={why} rules={[{ required: true }]}>
      <Input.Password autoComplete="current-password" />
    </Form.Item>
  )
}
