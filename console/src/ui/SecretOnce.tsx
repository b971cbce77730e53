import { Alert, Modal } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { CopyButton } from './Figures'
import styles from './SecretOnce.module.css'

interface SecretOnceProps {
  title: string
  secret: string | null
  onClose: () => void
  children?: ReactNode
}

/** A credential that the platform shows this one time only. */
export function SecretOnce({ title, secret, onClose, children }: SecretOnceProps) {
  const { t } = useTranslation()
  return (
    <Modal
      open={secret !== null}
      title={title}
      width={620}
      closable={false}
      mask={{ closable: false }}
      okText={t('secret.kept')}
      cancelButtonProps={{ style: { display: 'none' } }}
      onOk={onClose}
      onCancel={onClose}
    >
      <Alert type="warning" showIcon title={t('secret.once')} />
      <div className={styles.secret}>
        <code>{secret}</code>
        <CopyButton text={secret ?? ''} />
      </div>
      {children}
    </Modal>
  )
}
