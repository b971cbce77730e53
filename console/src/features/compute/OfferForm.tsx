import { DatePicker, Form, Input, InputNumber, Select } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import { useTranslation } from 'react-i18next'

import type { Sent } from '@/api/types'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'

import { EvidenceFields, evidenceOf, type EvidenceValues } from './EvidenceFields'
import type { Offer } from './words'

export type OfferTerms = Sent<'/api/v1/compute/offers/{offer_id}', 'put'>

interface Values extends EvidenceValues {
  title: string
  list_micro: number
  partner_micro?: number | null
  spot_micro?: number | null
  minimum_hours: number
  availability: number
  service_standard?: string
  support?: string[]
  expires: Dayjs
}

function termsOf(values: Values, held?: Offer): OfferTerms {
  return {
    title: values.title,
    list_micro: values.list_micro,
    partner_micro: values.partner_micro ?? null,
    spot_micro: values.spot_micro ?? null,
    bands: held?.bands ?? [],
    minimum_hours: values.minimum_hours,
    availability_bp: Math.round(values.availability * 100),
    service_standard: values.service_standard ?? '',
    support: values.support ?? [],
    external_identifier: held?.external_identifier ?? null,
    evidence: evidenceOf(values),
    expires_at: values.expires.endOf('day').toISOString(),
  }
}

/** Price and terms of an offer; one document stands for all its figures. */
export function OfferForm({
  open,
  offer,
  onSubmit,
  onClose,
}: {
  open: boolean
  offer?: Offer
  onSubmit: (terms: OfferTerms) => Promise<unknown>
  onClose: () => void
}) {
  const { t } = useTranslation('compute')
  const held = offer?.evidence['offer.all']
  const initial: Partial<Values> = offer
    ? {
        title: offer.title,
        list_micro: offer.list_micro,
        partner_micro: offer.partner_micro,
        spot_micro: offer.spot_micro,
        minimum_hours: offer.minimum_hours,
        availability: offer.availability_bp / 100,
        service_standard: offer.service_standard,
        support: offer.support,
        expires: dayjs(offer.expires_at),
        ...(held ? { source: held.source, evidence_until: dayjs(held.expires_on) } : {}),
      }
    : { minimum_hours: 0, availability: 99.9, expires: dayjs().add(1, 'year') }
  return (
    <FormModal<Values>
      open={open}
      width={640}
      title={offer ? t('form.change') : t('form.offer')}
      submit={offer ? t('form.save') : t('form.submit')}
      initial={initial}
      onSubmit={(values) => onSubmit(termsOf(values, offer))}
      onClose={onClose}
    >
      <Form.Item name="title" label={t('offer')} rules={[{ required: true }]}>
        <Input maxLength={160} />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="list_micro" label={t('listPrice')} extra={t('perHour')} rules={[{ required: true }]}>
          <MoneyInput />
        </Form.Item>
        <Form.Item name="partner_micro" label={t('partnerPrice')}>
          <MoneyInput />
        </Form.Item>
        <Form.Item name="spot_micro" label={t('spotPrice')}>
          <MoneyInput />
        </Form.Item>
        <Form.Item name="availability" label={t('availability')} rules={[{ required: true }]}>
          <InputNumber min={0} max={100} step={0.01} suffix="%" style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="minimum_hours" label={t('minimum')} rules={[{ required: true }]}>
          <InputNumber min={0} precision={0} suffix="h" style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="expires" label={t('until')} rules={[{ required: true }]}>
          <DatePicker style={{ width: '100%' }} />
        </Form.Item>
      </div>
      <Form.Item name="service_standard" label={t('standard')}>
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="support" label={t('support')}>
        <Select mode="tags" open={false} suffixIcon={null} />
      </Form.Item>
      <EvidenceFields />
    </FormModal>
  )
}
