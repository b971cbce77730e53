import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Got } from '@/api/types'
import { JobFailure } from '@/features/jobs/JobFailure'
import { JobProgress } from '@/features/jobs/JobProgress'
import { useJobStream, type Job } from '@/features/jobs/stream'
import { useBilingual } from '@/lib/text'
import { LogView } from '@/ui/LogView'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

type JobDetail = Got<'/api/v1/jobs/{job_id}'>

function Part({ job }: { job: Job }) {
  const { t } = useTranslation('data')
  const text = useBilingual()
  return (
    <div>
      <div className="row">
        <Link to={`/jobs/${job.id}`}>{text(job, 'title')}</Link>
        <Status value={job.state} />
      </div>
      {job.state === 'queued' ? <div className="soft">{t('run.queued')}</div> : <JobProgress job={job} />}
    </div>
  )
}

/** How far a run is, part by part where it collects first, and why it failed. */
export function RunProgress({ job }: { job: JobDetail }) {
  return (
    <Section>
      <div className="stack" aria-live="polite">
        {job.children.length > 0 ? (
          job.children.map((child) => <Part key={child.id} job={child} />)
        ) : (
          <JobProgress job={job} />
        )}
        {job.error && <JobFailure error={job.error} />}
      </div>
    </Section>
  )
}

/** What a run says, as it says it. One stream per mount: give the component a key. */
export function RunLog({ jobId }: { jobId: string }) {
  const { t } = useTranslation('data')
  const live = useJobStream(jobId)
  return (
    <Section title={t('run.said')} flush>
      <LogView lines={live.lines} live={!live.ended} height={240} label={t('run.said')} />
    </Section>
  )
}
