import { CaretRightOutlined, StopOutlined } from '@ant-design/icons'
import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got } from '@/api/types'
import { OPEN_STATES } from '@/features/jobs/stream'

/** Stop a run, or go on from its last checkpoint. */
export function TrainingActions({
  run,
  onChanged,
}: {
  run: Got<'/api/v1/training/runs/{run_id}'>
  onChanged: () => void
}) {
  const { t } = useTranslation('training')
  const { message } = App.useApp()
  const settle = { onSuccess: onChanged, onError: (error: unknown) => void message.error(asProblem(error).detail) }
  const cancel = $api.useMutation('post', '/api/v1/training/runs/{run_id}/cancel', settle)
  const resume = $api.useMutation('post', '/api/v1/training/runs/{run_id}/resume', settle)
  const init = { params: { path: { run_id: run.id } } }
  if (OPEN_STATES.has(run.state)) {
    return (
      <Popconfirm title={t('act.stopAsk')} onConfirm={() => cancel.mutate(init)}>
        <Button icon={<StopOutlined />} loading={cancel.isPending}>
          {t('act.stop')}
        </Button>
      </Popconfirm>
    )
  }
  if (run.state === 'succeeded') return null
  return (
    <Button type="primary" icon={<CaretRightOutlined />} loading={resume.isPending} onClick={() => resume.mutate(init)}>
      {t('act.resume')}
    </Button>
  )
}
