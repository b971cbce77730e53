import { DatePicker, Form, Input } from 'antd'
import type { Dayjs } from 'dayjs'
import { useTranslation } from 'react-i18next'

interface Evidence {
  source: string
  url: null
  expires_on: string
}

export interface EvidenceValues {
  source?: string
  evidence_until?: Dayjs
}

/** The evidence document that the two fields make: one source for every figure, or none. */
export function evidenceOf({ source, evidence_until }: EvidenceValues): Record<string, Evidence> {
  if (!source || !evidence_until) return {}
  return { all: { source, url: null, expires_on: evidence_until.format('YYYY-MM-DD') } }
}

export function EvidenceFields() {
  const { t } = useTranslation('compute')
  return (
    <div className="grid-2">
      <Form.Item name="source" label={t('evidence')} extra={t('form.evidenceNote')}>
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="evidence_until" label={t('form.evidenceUntil')}>
        <DatePicker style={{ width: '100%' }} />
      </Form.Item>
    </div>
  )
}
