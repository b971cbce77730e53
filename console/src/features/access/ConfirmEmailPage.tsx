import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'

import { Gate } from './Gate'
import styles from './Gate.module.css'

/** The link of a mail that proves an e-mail address. */
export function Component() {
  const { t } = useTranslation('access')
  const [params] = useSearchParams()
  const token = params.get('token') ?? ''
  const { error, isSuccess } = useQuery({
    queryKey: ['confirm email', token],
    queryFn: () => api.POST('/api/v1/auth/email/confirm', { body: { token } }),
    retry: false,
    staleTime: Infinity,
  })
  return (
    <Gate title={t('confirm.title')}>
      <div style={{ marginTop: 24 }}>
        {error && <ProblemView error={error} />}
        {isSuccess && <Alert type="success" title={t('confirm.done')} />}
      </div>
      <div className={styles.under}>
        <Link to="/">{t('home')}</Link>
      </div>
    </Gate>
  )
}
