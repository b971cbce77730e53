import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'
import { JobProgress } from '@/features/jobs/JobProgress'
import { OPEN_STATES } from '@/features/jobs/stream'
import { useBilingual } from '@/lib/text'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Elapsed } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import styles from './Home.module.css'

/** The latest jobs, those that run before those that ended. */
export function RunningJobs() {
  const { t } = useTranslation('home')
  const text = useBilingual()
  const { organisation } = usePreferences()
  const query = $api.useQuery(
    'get',
    '/api/v1/jobs',
    { params: { query: { roots: true, limit: 40, org_id: organisation ?? undefined } } },
    { refetchInterval: 4000 },
  )
  // What the platform does by itself stands in the list of all jobs.
  const jobs = (query.data?.items ?? []).filter((job) => job.created_by !== 'system')
  const shown = [
    ...jobs.filter((job) => OPEN_STATES.has(job.state)),
    ...jobs.filter((job) => !OPEN_STATES.has(job.state)),
  ].slice(0, 6)
  return (
    <Section title={t('jobs.title')} extra={<Link to="/jobs">{t('all')}</Link>} flush className={styles.tall ?? ''}>
      {query.error !== null && <ProblemView error={query.error} />}
      {query.data && shown.length === 0 && <EmptyState title={t('jobs.none')} next={t('jobs.next')} />}
      <ul className={styles.jobs}>
        {shown.map((job) => (
          <li key={job.id}>
            <div className={styles.jobHead}>
              <Link to={`/jobs/${job.id}`} className="truncate">
                {text(job, 'title')}
              </Link>
              <Status value={job.state} />
            </div>
            {OPEN_STATES.has(job.state) ? (
              <JobProgress job={job} compact />
            ) : (
              <div className={styles.jobNote}>
                <span className="truncate">{text(job, 'message')}</span>
                <Elapsed start={job.started_at} end={job.finished_at} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}
