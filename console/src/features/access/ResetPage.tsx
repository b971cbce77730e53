import { Alert, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'

import { Gate } from './Gate'
import styles from './Gate.module.css'

/** A new password by the link of a mail. */
export function Component() {
  const { t } = useTranslation('access')
  const [params] = useSearchParams()
  const [done, setDone] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { data: options } = $api.useQuery('get', '/api/v1/auth/options')
  const submit = async ({ password }: { password: string }) => {
    setError(null)
    try {
      await api.POST('/api/v1/auth/password/reset', { body: { token: params.get('token') ?? '', password } })
      setDone(true)
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <Gate title={t('reset.title')}>
      {done ? (
        <Alert style={{ marginTop: 24 }} type="success" title={t('reset.done')} />
      ) : (
        <Form layout="vertical" size="large" requiredMark={false} onFinish={submit}>
          <Form.Item
            name="password"
            label={t('reset.password')}
            extra={options && t('signUp.passwordNote', { length: options.password_min_length })}
            rules={[{ required: true, message: t('needed') }]}
          >
            <Input.Password autoFocus autoComplete="new-password" />
          </Form.Item>
          {error !== null && <ProblemView error={error} />}
          <Button type="primary" htmlType="submit" block style={{ marginTop: 16 }}>
            {t('reset.submit')}
          </Button>
        </Form>
      )}
      <div className={styles.under}>
        <Link to="/login">{t('back')}</Link>
      </div>
    </Gate>
  )
}
