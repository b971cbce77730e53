import { App, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'

import { CurrentPassword } from './CurrentPassword'

interface Values {
  current: string
  new: string
}

export function PasswordForm() {
  const { t } = useTranslation('me')
  const { message } = App.useApp()
  const { data: options } = $api.useQuery('get', '/api/v1/auth/options')
  const [form] = Form.useForm<Values>()
  const [error, setError] = useState<unknown>(null)
  const change = async (values: Values) => {
    setError(null)
    try {
      await api.PUT('/api/v1/me/password', { body: { current: values.current ?? '', new: values.new } })
      form.resetFields()
      void message.success(t('password.changed'))
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={(values) => void change(values)}
      style={{ maxWidth: 420 }}
    >
      <CurrentPassword name="current" />
      <Form.Item
        name="new"
        label={t('password.new')}
        extra={options && t('password.rule', { length: options.password_min_length })}
        rules={[{ required: true }]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      {error !== null && (
        <div style={{ marginBottom: 16 }}>
          <ProblemView error={error} />
        </div>
      )}
      <Button type="primary" htmlType="submit">
        {t('password.change')}
      </Button>
    </Form>
  )
}
