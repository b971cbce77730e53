import { Button, Form, Input, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import styles from './Workflow.module.css'

type Instance = Got<'/api/v1/workflows/instances/{instance_id}'>

interface Answer {
  upheld: boolean
  text: string
}

/** Objections made while a case is publicised, and their answers. */
export function Objections({ instance }: { instance: Instance }) {
  const { t } = useTranslation('workflow')
  const [objecting, setObjecting] = useState(false)
  const [answering, setAnswering] = useState<string | null>(null)
  const params = { path: { instance_id: instance.id } }
  const path = '/api/v1/workflows/instances/{instance_id}/objections'
  const query = $api.useQuery('get', path, { params })
  const rows = query.data ?? []
  if (rows.length === 0 && !instance.may_object) return null
  return (
    <Section
      title={t('objection.title')}
      extra={instance.may_object && <Button onClick={() => setObjecting(true)}>{t('objection.make')}</Button>}
    >
      {rows.length === 0 && <p className="soft">{t('objection.none')}</p>}
      {rows.map((row) => (
        <div key={row.id} className={styles.move} style={{ marginBottom: 16 }}>
          <strong>{row.label}</strong> <Time value={row.made_at} />
          <p>{row.text}</p>
          {row.upheld === null ? (
            instance.is_staff && (
              <Button size="small" onClick={() => setAnswering(row.id)}>
                {t('objection.answer')}
              </Button>
            )
          ) : (
            <p className="soft">
              <Status
                value={row.upheld ? 'approved' : 'rejected'}
                label={t(row.upheld ? 'objection.upheld' : 'objection.dismissed')}
              />{' '}
              {row.answer}
            </p>
          )}
        </div>
      ))}
      <FormModal<{ text: string }>
        open={objecting}
        title={t('objection.make')}
        submit={t('objection.make')}
        onSubmit={async (body) => {
          await api.POST(path, { params, body })
          await query.refetch()
        }}
        onClose={() => setObjecting(false)}
      >
        <Form.Item name="text" label={t('objection.text')} rules={[{ required: true }]}>
          <Input.TextArea maxLength={5000} autoSize={{ minRows: 4 }} />
        </Form.Item>
      </FormModal>
      <FormModal<Answer>
        open={answering !== null}
        title={t('objection.answer')}
        submit={t('objection.answer')}
        onSubmit={async (body) => {
          await api.POST('/api/v1/workflows/objections/{objection_id}/answer', {
            params: { path: { objection_id: answering ?? '' } },
            body,
          })
          await query.refetch()
        }}
        onClose={() => setAnswering(null)}
      >
        <Form.Item name="upheld" rules={[{ required: true }]}>
          <Radio.Group
            options={[
              { value: true, label: t('objection.upheld') },
              { value: false, label: t('objection.dismissed') },
            ]}
          />
        </Form.Item>
        <Form.Item name="text" label={t('objection.reply')} rules={[{ required: true }]}>
          <Input.TextArea maxLength={5000} autoSize={{ minRows: 3 }} />
        </Form.Item>
      </FormModal>
    </Section>
  )
}
