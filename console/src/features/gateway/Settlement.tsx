import { Button, Form, Input, InputNumber, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import type { Got } from '@/api/types'
import { FormModal } from '@/ui/FormModal'

type Call = Got<'/api/v1/gateway/calls/{call_id}'>

interface Values {
  way: 'stands' | 'counts'
  prompt_tokens?: number
  completion_tokens?: number
  note?: string
}

/** Settles a call in doubt by the upstream's own account. */
export function Settlement({ call, onSettled }: { call: Call; onSettled: () => unknown }) {
  const { t } = useTranslation('gateway')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {t('settle.act')}
      </Button>
      <FormModal<Values>
        open={open}
        title={t('settle.title')}
        note={t('settle.note')}
        submit={t('settle.act')}
        initial={{ way: 'counts', prompt_tokens: call.prompt_tokens, completion_tokens: call.completion_tokens }}
        onSubmit={async ({ way, prompt_tokens, completion_tokens, note }) => {
          const counts = way === 'counts' ? { prompt_tokens, completion_tokens } : {}
          await api.POST('/api/v1/gateway/calls/{call_id}/settlement', {
            params: { path: { call_id: call.id } },
            body: { ...counts, note: note ?? '' },
          })
          await onSettled()
        }}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="way">
          <Radio.Group
            options={(['counts', 'stands'] as const).map((value) => ({ value, label: t(`settle.${value}`) }))}
          />
        </Form.Item>
        <Form.Item noStyle shouldUpdate>
          {({ getFieldValue }) =>
            getFieldValue('way') === 'counts' && (
              <div className="row">
                <Form.Item name="prompt_tokens" label={t('calls.input')}>
                  <InputNumber min={0} precision={0} />
                </Form.Item>
                <Form.Item name="completion_tokens" label={t('calls.output')}>
                  <InputNumber min={0} precision={0} />
                </Form.Item>
              </div>
            )
          }
        </Form.Item>
        <Form.Item name="note" label={t('settle.source')} rules={[{ required: true }]}>
          <Input maxLength={500} />
        </Form.Item>
      </FormModal>
    </>
  )
}
