import { Alert, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import { fieldFaults } from '@/api/problem'
import type { Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { ProblemView } from '@/ui/Feedback'

import { Gate } from './Gate'
import styles from './Gate.module.css'
import { useEntry } from './useEntry'

type Values = Omit<Sent<'/api/v1/auth/sign-up'>, 'language' | 'invitation'>

/** A new account; `?invitation=` carries the token of an invitation's link. */
export function Component() {
  const { t } = useTranslation('access')
  const { language } = usePreferences()
  const [params] = useSearchParams()
  const invitation = params.get('invitation')
  const enter = useEntry()
  const [form] = Form.useForm<Values>()
  const [error, setError] = useState<unknown>(null)
  const { data: options } = $api.useQuery('get', '/api/v1/auth/options')
  const submit = async (values: Values) => {
    setError(null)
    try {
      await api.POST('/api/v1/auth/sign-up', {
        body: { ...values, display_name: values.display_name ?? '', email: values.email || null, language, invitation },
      })
      enter()
    } catch (problem) {
      setError(problem)
      form.setFields(fieldFaults(problem) as Parameters<typeof form.setFields>[0])
    }
  }
  const closed = options?.sign_up === 'invite' && !invitation
  return (
    <Gate title={t('signUp.title')}>
      {closed ? (
        <Alert style={{ marginTop: 24 }} type="info" title={t('signUp.closed')} />
      ) : (
        <Form<Values> form={form} layout="vertical" size="large" requiredMark="optional" onFinish={submit}>
          <Form.Item
            name="name"
            label={t('signUp.name')}
            extra={t('signUp.nameNote')}
            rules={[{ required: true, message: t('needed') }]}
          >
            <Input autoFocus autoComplete="username" maxLength={39} />
          </Form.Item>
          <Form.Item name="display_name" label={t('signUp.display')}>
            <Input autoComplete="name" maxLength={80} />
          </Form.Item>
          <Form.Item name="email" label={t('signUp.email')}>
            <Input type="email" autoComplete="email" maxLength={254} />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('signIn.password')}
            extra={options && t('signUp.passwordNote', { length: options.password_min_length })}
            rules={[{ required: true, message: t('needed') }]}
          >
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          {error !== null && (
            <div style={{ marginBottom: 20 }}>
              <ProblemView error={error} />
            </div>
          )}
          <Button type="primary" htmlType="submit" block>
            {t('signUp.submit')}
          </Button>
        </Form>
      )}
      <div className={styles.under}>
        <Link to="/login">{t('back')}</Link>
      </div>
    </Gate>
  )
}
