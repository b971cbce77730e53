import { DeleteOutlined } from '@ant-design/icons'
import { App, Button, Form, InputNumber, Progress, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Element } from '@/api/types'
import { Money } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'

const PATH = '/api/v1/metering/organisations/{organisation}/quotas'
const MICRO = 1_000_000

type QuotaState = Element<typeof PATH>

interface Values {
  yuan: number
  window: 'day' | 'month'
  hard: boolean
}

interface BudgetsProps {
  organisation: string
  token: { id: string; name: string }
}

/** What a key may spend in a day or a month: a hard budget refuses calls, a soft one only tells. */
export function Budgets({ organisation, token }: BudgetsProps) {
  const { t } = useTranslation('gateway')
  const { message } = App.useApp()
  const [open, setOpen] = useState(false)
  const params = { path: { organisation } }
  const query = $api.useQuery('get', PATH, { params }, { retry: false })
  const own = ((query.data ?? []) as QuotaState[]).filter(
    ({ quota }) => quota.subject_kind === 'token' && quota.subject_id === token.id && quota.metric === 'money',
  )
  const remove = async (id: string) => {
    try {
      await api.DELETE('/api/v1/metering/quotas/{quota_id}', { params: { path: { quota_id: id } } })
      await query.refetch()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <div>
      {own.map(({ quota, used }) => (
        <div key={quota.id} className="row" style={{ flexWrap: 'nowrap' }}>
          <span>
            <Money micro={used} /> / <Money micro={quota.amount} />{' '}
            <span className="faint">
              {t(`budget.${quota.window}`)} · {t(quota.hard ? 'budget.hard' : 'budget.soft')}
            </span>
            <Progress
              size="small"
              showInfo={false}
              percent={Math.min(100, (Number(used) / Math.max(Number(quota.amount), 1)) * 100)}
              status={Number(used) >= Number(quota.amount) ? 'exception' : 'normal'}
            />
          </span>
          <Button
            type="text"
            size="small"
            aria-label={t('budget.remove')}
            icon={<DeleteOutlined />}
            onClick={() => void remove(quota.id)}
          />
        </div>
      ))}
      <Button size="small" type="link" onClick={() => setOpen(true)}>
        {t('budget.add')}
      </Button>
      <FormModal<Values>
        open={open}
        title={t('budget.of', { name: token.name })}
        note={t('budget.note')}
        submit={t('limits.save')}
        initial={{ window: 'month', hard: true }}
        onSubmit={async ({ yuan, window, hard }) => {
          await api.POST(PATH, {
            params,
            body: {
              metric: 'money',
              amount: Math.round(yuan * MICRO),
              window,
              hard,
              subject_kind: 'token',
              subject_id: token.id,
              resource: '',
              model: '*',
              note: '',
            },
          })
          await query.refetch()
        }}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="yuan" label={t('budget.amount')} rules={[{ required: true }]}>
          <InputNumber min={0} prefix="¥" style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="window" label={t('budget.window')}>
          <Select options={(['day', 'month'] as const).map((value) => ({ value, label: t(`budget.${value}`) }))} />
        </Form.Item>
        <Form.Item name="hard" label={t('budget.hard')} extra={t('budget.hardNote')} valuePropName="checked">
          <Switch />
        </Form.Item>
      </FormModal>
    </div>
  )
}
