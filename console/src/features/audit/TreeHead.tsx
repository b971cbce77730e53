import { DownloadOutlined, SafetyCertificateOutlined } from '@ant-design/icons'
import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useSession } from '@/app/session'
import { useBilingual } from '@/lib/text'
import { ProblemView } from '@/ui/Feedback'
import { Count, Hash, Stat, Stats, Time } from '@/ui/Figures'

import { mayOversee } from './overseer'
import styles from './Audit.module.css'

/** The newest signed head, and a check of the whole log against all heads. */
export function TreeHead() {
  const { t } = useTranslation('audit')
  const text = useBilingual()
  const session = useSession()
  const head = $api.useQuery('get', '/api/v1/audit/head')
  const check = $api.useQuery('get', '/api/v1/audit/verify', {}, { enabled: false, staleTime: Infinity })
  if (head.error) return asProblem(head.error).status === 404 ? null : <ProblemView error={head.error} />
  const result = check.data
  return (
    <>
      <Stats>
        <Stat label={t('head.size')} value={<Count value={head.data?.size} />} note={t('head.sizeNote')} />
        <Stat label={t('head.root')} value={<Hash value={head.data?.root} length={12} />} note={t('head.rootNote')} />
        <Stat label={t('head.at')} value={<Time value={head.data?.at} />} note={t('head.atNote')} />
        {mayOversee(session) && (
          <div className={styles.acts}>
            <Button
              type="primary"
              icon={<SafetyCertificateOutlined />}
              loading={check.isFetching}
              onClick={() => void check.refetch()}
            >
              {t('verify.do')}
            </Button>
            <Button icon={<DownloadOutlined />} href="/api/v1/audit/export" download>
              {t('export')}
            </Button>
          </div>
        )}
      </Stats>
      {check.error && <ProblemView error={check.error} />}
      {result && (
        <Alert
          type={result.ok ? 'success' : 'error'}
          showIcon
          title={result.ok ? t('verify.ok', { size: result.size, heads: result.heads }) : t('verify.bad')}
          description={result.fault ? text(result.fault, 'message') : undefined}
        />
      )}
    </>
  )
}
