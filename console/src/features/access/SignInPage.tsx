import { Alert, Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Sent } from '@/api/types'
import { useBilingual } from '@/lib/text'
import { ProblemView } from '@/ui/Feedback'

import { Gate } from './Gate'
import styles from './Gate.module.css'
import { useEntry } from './useEntry'

type Values = Sent<'/api/v1/auth/sign-in'>

function Providers() {
  const { t } = useTranslation('access')
  const text = useBilingual()
  const [params] = useSearchParams()
  const { data } = $api.useQuery('get', '/api/v1/auth/options')
  if (!data || data.providers.length === 0) return null
  const next = params.get('next')
  return (
    <>
      <div className={styles.or}>{t('signIn.or')}</div>
      <div className="stack" style={{ gap: 8 }}>
        {data.providers.map((provider) => (
          <Button
            key={provider.name}
            block
            size="large"
            href={`/api/v1/auth/sign-on/${encodeURIComponent(provider.name)}${next ? `?next=${encodeURIComponent(`/console${next}`)}` : ''}`}
          >
            {t('signIn.with', { name: text(provider, 'title') })}
          </Button>
        ))}
      </div>
    </>
  )
}

function Under() {
  const { t } = useTranslation('access')
  const { data } = $api.useQuery('get', '/api/v1/auth/options')
  return (
    <div className={styles.under}>
      {data?.mail ? <Link to="/forgot-password">{t('signIn.forgot')}</Link> : <span />}
      {data?.sign_up === 'open' && <Link to="/sign-up">{t('signIn.up')}</Link>}
    </div>
  )
}

const ON_RETURN = ['sign_on_failed', 'account_suspended', 'sign_up_closed', 'email_taken'] as const

/** What the identity provider's answer came to, when it sent the browser back here without a session. */
function SignOnProblem() {
  const { t } = useTranslation('access')
  const [params] = useSearchParams()
  const code = params.get('problem')
  if (!code) return null
  const known = ON_RETURN.find((one) => one === code) ?? 'sign_on_failed'
  return <Alert type="error" showIcon title={t(`signIn.problem.${known}`)} style={{ marginBottom: 20 }} />
}

export function Component() {
  const { t } = useTranslation('access')
  const enter = useEntry()
  const [error, setError] = useState<unknown>(null)
  const [askCode, setAskCode] = useState(false)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    document.title = `${t('signIn.title')} · 策源 Ceyuan`
  }, [t])
  const submit = async (values: Values) => {
    setBusy(true)
    setError(null)
    try {
      await api.POST('/api/v1/auth/sign-in', { body: { ...values, code: values.code?.trim() || null } })
      enter()
    } catch (problem) {
      const asksFirst = asProblem(problem).code === 'second_factor_required' && !askCode
      if (asProblem(problem).code === 'second_factor_required') setAskCode(true)
      setError(asksFirst ? null : problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Gate title={t('signIn.title')} note={t('signIn.note')}>
      <SignOnProblem />
      <Form<Values> layout="vertical" size="large" requiredMark={false} onFinish={(values) => void submit(values)}>
        <Form.Item name="name" label={t('signIn.name')} rules={[{ required: true, message: t('needed') }]}>
          <Input autoFocus autoComplete="username" />
        </Form.Item>
        <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: t('needed') }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        {askCode && (
          <Form.Item
            name="code"
            label={t('signIn.code')}
            extra={t('signIn.codeNote')}
            rules={[{ required: true, message: t('needed') }]}
          >
            <Input autoFocus autoComplete="one-time-code" inputMode="numeric" />
          </Form.Item>
        )}
        {error !== null && (
          <div style={{ marginBottom: 20 }}>
            <ProblemView error={error} />
          </div>
        )}
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t('signIn.submit')}
        </Button>
      </Form>
      <Providers />
      <Under />
      <p className={styles.under}>
        <Link to="/hub/datasets">{t('signIn.browse')}</Link>
      </p>
    </Gate>
  )
}
