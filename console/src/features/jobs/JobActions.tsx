import { CaretRightOutlined, StopOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { asProblem } from '@/api/problem'

import { OPEN_STATES, type Job } from './stream'

const RESUMABLE: ReadonlySet<string> = new Set(['failed', 'cancelled'])

/** Cancel what runs; resume what failed or was cancelled. */
export function JobActions({ job, onResumed }: { job: Job; onResumed?: () => void }) {
  const { t } = useTranslation('jobs')
  const { message } = App.useApp()
  const queries = useQueryClient()
  const settle = {
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['get', '/api/v1/jobs'] }),
    onError: (error: unknown) => void message.error(asProblem(error).detail || asProblem(error).title),
  }
  const cancel = $api.useMutation('post', '/api/v1/jobs/{job_id}/cancel', settle)
  const resume = $api.useMutation('post', '/api/v1/jobs/{job_id}/resume', settle)
  const init = { params: { path: { job_id: job.id } } }
  if (OPEN_STATES.has(job.state)) {
    return (
      <Popconfirm
        placement="bottomRight"
        title={t('cancel.ask')}
        description={t('cancel.note')}
        onConfirm={() => cancel.mutate(init)}
      >
        <Button icon={<StopOutlined />} loading={cancel.isPending} disabled={job.cancel_requested}>
          {job.cancel_requested ? t('cancel.requested') : t('cancel.do')}
        </Button>
      </Popconfirm>
    )
  }
  if (!RESUMABLE.has(job.state)) return null
  return (
    <Button
      type="primary"
      icon={<CaretRightOutlined />}
      loading={resume.isPending}
      onClick={() => resume.mutate(init, { onSuccess: () => onResumed?.() })}
    >
      {t('resume')}
    </Button>
  )
}
