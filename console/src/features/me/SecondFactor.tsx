import { Button, Form, Input, Modal, QRCode } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Posted } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { CopyButton } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Status } from '@/ui/Status'

import { CurrentPassword } from './CurrentPassword'

type Enrolment = Posted<'/api/v1/me/second-factor'>
type Asked = 'begin' | 'off' | 'renew'

function Enrol({
  enrolment,
  onDone,
  onClose,
}: {
  enrolment: Enrolment
  onDone: (codes: string[]) => void
  onClose: () => void
}) {
  const { t } = useTranslation('me')
  return (
    <FormModal<{ code: string }>
      open
      title={t('factor.scan')}
      submit={t('factor.confirm')}
      onSubmit={async ({ code }) => {
        const { data } = await api.POST('/api/v1/me/second-factor/confirm', { body: { code } })
        onDone(data?.codes ?? [])
      }}
      onClose={onClose}
    >
      <p className="soft">{t('factor.scanNote')}</p>
      <div className="row" style={{ margin: '16px 0', gap: 20 }}>
        <QRCode value={enrolment.uri} size={168} color="#12211f" bgColor="#ffffff" bordered={false} />
        <span>
          <span className="faint">{t('factor.secret')}</span>
          <br />
          <code>{enrolment.secret}</code> <CopyButton text={enrolment.secret} />
        </span>
      </div>
      <Form.Item name="code" label={t('factor.code')} rules={[{ required: true }]}>
        <Input inputMode="numeric" autoComplete="one-time-code" maxLength={6} />
      </Form.Item>
    </FormModal>
  )
}

function Codes({ codes, onClose }: { codes: string[] | null; onClose: () => void }) {
  const { t } = useTranslation('me')
  const { t: common } = useTranslation()
  return (
    <Modal
      open={codes !== null}
      title={t('factor.codes')}
      okText={common('secret.kept')}
      cancelButtonProps={{ style: { display: 'none' } }}
      closable={false}
      onOk={onClose}
    >
      <p className="soft">{t('factor.codesNote')}</p>
      <pre style={{ columns: 2, margin: '14px 0' }}>{codes?.join('\n')}</pre>
      <CopyButton text={codes?.join('\n') ?? ''} />
    </Modal>
  )
}

/** One-time codes at sign-in: switch on, renew the recovery codes, switch off. */
export function SecondFactor() {
  const { t } = useTranslation('me')
  const query = $api.useQuery('get', '/api/v1/me/second-factor')
  const [asked, setAsked] = useState<Asked | null>(null)
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  if (query.error) return <ProblemView error={query.error} />
  const act = async ({ password }: { password?: string }) => {
    const body = { password: password ?? '' }
    if (asked === 'begin') setEnrolment((await api.POST('/api/v1/me/second-factor', { body })).data ?? null)
    if (asked === 'renew')
      setCodes((await api.POST('/api/v1/me/second-factor/recovery-codes', { body })).data?.codes ?? [])
    if (asked === 'off') await api.POST('/api/v1/me/second-factor/off', { body })
    await query.refetch()
  }
  const isOn = query.data?.is_on
  return (
    <div className="stack" style={{ minHeight: 74 }}>
      <div className="row">
        <Status value={isOn ? 'active' : 'none'} label={isOn ? t('factor.on') : t('factor.isOff')} />
        {isOn && <span className="faint">{t('factor.left', { count: query.data?.recovery_codes_left })}</span>}
      </div>
      <div className="row">
        {isOn === false && (
          <Button type="primary" onClick={() => setAsked('begin')}>
            {t('factor.begin')}
          </Button>
        )}
        {isOn && <Button onClick={() => setAsked('renew')}>{t('factor.renew')}</Button>}
        {isOn && (
          <Button danger onClick={() => setAsked('off')}>
            {t('factor.off')}
          </Button>
        )}
      </div>
      <FormModal<{ password?: string }>
        open={asked !== null}
        title={asked ? t(`factor.${asked}`) : ''}
        note={t('password.why')}
        submit={t('factor.go')}
        danger={asked === 'off'}
        onSubmit={act}
        onClose={() => setAsked(null)}
      >
        <CurrentPassword name="password" />
      </FormModal>
      {enrolment && (
        <Enrol
          enrolment={enrolment}
          onClose={() => setEnrolment(null)}
          onDone={(fresh) => {
            setCodes(fresh)
            void query.refetch()
          }}
        />
      )}
      <Codes codes={codes} onClose={() => setCodes(null)} />
    </div>
  )
}
