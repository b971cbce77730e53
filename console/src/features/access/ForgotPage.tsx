import { Alert, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'

import { Gate } from './Gate'
import styles from './Gate.module.css'

export function Component() {
  const { t } = useTranslation('access')
  const [answer, setAnswer] = useState<'mail' | 'noMail' | null>(null)
  const [error, setError] = useState<unknown>(null)
  const submit = async ({ name }: { name: string }) => {
    setError(null)
    try {
      const { data } = await api.POST('/api/v1/auth/password/forgotten', { body: { name } })
      setAnswer(data?.mail ? 'mail' : 'noMail')
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <Gate title={t('forgot.title')} note={t('forgot.note')}>
      {answer ? (
        <Alert
          style={{ marginTop: 24 }}
          type={answer === 'mail' ? 'success' : 'warning'}
          title={t(`forgot.${answer}`)}
        />
      ) : (
        <Form layout="vertical" size="large" requiredMark={false} onFinish={submit}>
          <Form.Item name="name" label={t('signIn.name')} rules={[{ required: true, message: t('needed') }]}>
            <Input autoFocus autoComplete="username" />
          </Form.Item>
          {error !== null && <ProblemView error={error} />}
          <Button type="primary" htmlType="submit" block>
            {t('forgot.submit')}
          </Button>
        </Form>
      )}
      <div className={styles.under}>
        <Link to="/login">{t('back')}</Link>
      </div>
    </Gate>
  )
}
