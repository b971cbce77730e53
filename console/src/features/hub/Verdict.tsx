import { SafetyCertificateOutlined, StopOutlined, WarningOutlined } from '@ant-design/icons'
import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'

import styles from './Repository.module.css'

export type Verdict = 'safe' | 'caution' | 'unsafe' | 'unknown' | 'waiting'

const ICONS = { safe: SafetyCertificateOutlined, caution: WarningOutlined, unsafe: StopOutlined } as const

/** A file's verdict as a sign in a list; nothing where no scanner knows the form. */
export function VerdictSign({ verdict }: { verdict: Verdict | null }) {
  const { t } = useTranslation('hub')
  if (verdict === null || verdict === 'unknown') return <span />
  const words = t(`safety.${verdict}`)
  if (verdict === 'waiting') {
    return (
      <Tooltip title={words}>
        <span className="faint" role="img" aria-label={words}>
          …
        </span>
      </Tooltip>
    )
  }
  const Icon = ICONS[verdict]
  return (
    <Tooltip title={words}>
      <span className={styles.verdict} data-verdict={verdict} role="img" aria-label={words}>
        <Icon />
      </span>
    </Tooltip>
  )
}
