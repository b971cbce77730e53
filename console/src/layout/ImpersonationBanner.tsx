import { Button } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import { useSession } from '@/app/session'
import { Time } from '@/ui/Figures'

import styles from './Shell.module.css'

/** Says on every page that an administrator acts as somebody else, and ends it. */
export function ImpersonationBanner() {
  const { t } = useTranslation()
  const session = useSession()
  const queries = useQueryClient()
  if (!session.impersonation) return null
  const end = async () => {
    await api.POST('/api/v1/auth/impersonation/end')
    queries.clear()
    location.assign('/console/')
  }
  return (
    <div className={styles.banner} role="status">
      {t('impersonation.banner', { name: session.label, admin: session.impersonation.admin })}{' '}
      <Time value={session.impersonation.endsAt} />
      <Button type="link" size="small" onClick={() => void end()}>
        {t('impersonation.end')}
      </Button>
    </div>
  )
}
