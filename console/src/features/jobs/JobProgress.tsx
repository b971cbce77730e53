import { Progress } from 'antd'

import { useBilingual } from '@/lib/text'

import { OPEN_STATES, type Job } from './stream'

/** How far a job is and what it is doing. */
export function JobProgress({ job, compact }: { job: Job; compact?: boolean }) {
  const text = useBilingual()
  const open = OPEN_STATES.has(job.state)
  const status =
    job.state === 'failed' ? 'exception' : job.state === 'succeeded' ? 'success' : open ? 'active' : 'normal'
  const percent = job.state === 'succeeded' ? 100 : Math.floor(job.progress * 100)
  return (
    <div style={{ minWidth: compact ? 140 : undefined }}>
      <Progress percent={percent} status={status} size={compact ? 'small' : 'medium'} aria-label={text(job, 'title')} />
      {!compact && <div className="soft">{text(job, 'message') || '\u00a0'}</div>}
    </div>
  )
}
