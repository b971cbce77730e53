import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { shortHash } from '@/lib/format'
import { useBilingual } from '@/lib/text'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Duration, Elapsed, Hash, Money, Time } from '@/ui/Figures'
import { Json } from '@/ui/Json'
import { Loading } from '@/ui/Loading'
import { LogView } from '@/ui/LogView'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { JobActions } from './JobActions'
import { JobFailure } from './JobFailure'
import styles from './JobPage.module.css'
import { JobProgress } from './JobProgress'
import { OPEN_STATES, useJobStream, type Job } from './stream'

type JobDetail = Got<'/api/v1/jobs/{job_id}'>

function Steps({ job }: { job: JobDetail }) {
  const { t } = useTranslation('jobs')
  if (job.steps.length === 0) return <p className="soft">{t('steps.none')}</p>
  return (
    <ol className={styles.steps}>
      {job.steps.map((step) => (
        <li key={step.name} data-state={step.state}>
          <span className={styles.stepName}>{step.name}</span>
          <span className="faint">
            <Elapsed start={step.started_at} end={step.finished_at} />
          </span>
        </li>
      ))}
    </ol>
  )
}

function JobFacts({ job }: { job: JobDetail }) {
  const { t } = useTranslation('jobs')
  return (
    <Facts
      facts={[
        { label: 'ID', value: <Hash value={job.id} length={14} /> },
        { label: t('fact.kind'), value: <code>{job.kind}</code> },
        { label: t('column.by'), value: job.created_by_label },
        { label: t('column.created'), value: <Time value={job.created_at} full /> },
        { label: t('column.elapsed'), value: <Elapsed start={job.started_at} end={job.finished_at} /> },
        { label: t('fact.cpu'), value: <Duration seconds={job.cpu_seconds} /> },
        { label: t('column.cost'), value: <Money micro={job.cost_micro} /> },
        { label: t('fact.run'), value: job.run },
        { label: t('fact.code'), value: <code>{job.code_version}</code> },
      ]}
    />
  )
}

/** A node of the lineage graph, which leads there; a reference leads to its page. */
function NodeLink({ id }: { id: string }) {
  if (!/^[a-z_]+:/.test(id)) return <RevisionLink reference={id} />
  const [thing = '', commit = ''] = id.split('@')
  return (
    <Link to={`/lineage?node=${encodeURIComponent(id)}`} title={id}>
      <code>{commit ? `${thing}@${shortHash(commit, 8)}` : thing}</code>
    </Link>
  )
}

function References({ job }: { job: JobDetail }) {
  const { t } = useTranslation('jobs')
  const list = (references: string[]) =>
    references.length ? (
      <ul className={styles.references}>
        {references.map((reference) => (
          <li key={reference}>
            <NodeLink id={reference} />
          </li>
        ))}
      </ul>
    ) : (
      <p className="faint">{t('references.none')}</p>
    )
  return (
    <Section title={t('references.title')}>
      <div className={styles.label}>{t('references.in')}</div>
      {list(job.inputs)}
      <div className={styles.label}>{t('references.out')}</div>
      {list(job.outputs)}
    </Section>
  )
}

function Children({ jobs }: { jobs: Job[] }) {
  const { t } = useTranslation('jobs')
  const text = useBilingual()
  if (jobs.length === 0) return null
  return (
    <Section title={t('children')}>
      <ul className={styles.children}>
        {jobs.map((child) => (
          <li key={child.id}>
            <Link to={`/jobs/${child.id}`}>{text(child, 'title')}</Link>
            <Status value={child.state} />
            <JobProgress job={child} compact />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Body({ job }: { job: JobDetail }) {
  const { t } = useTranslation('jobs')
  const live = useJobStream(job.id)
  const shown = live.job ?? job
  return (
    <div className="grid-aside">
      <div className="stack">
        <Section>
          <div className="stack">
            <JobProgress job={shown} />
            {job.error && <JobFailure error={job.error} />}
          </div>
        </Section>
        <Children jobs={job.children} />
        <Section title={t('log')} flush>
          <LogView lines={live.lines} live={!live.ended} label={t('log')} />
        </Section>
        {job.result && (
          <Section title={t('result')}>
            <Json value={job.result} />
          </Section>
        )}
        <Section title={t('params')}>
          <Json value={job.params} />
        </Section>
      </div>
      <div className="stack">
        <Section title={t('steps.title')}>
          <Steps job={job} />
        </Section>
        <References job={job} />
        <Section title={t('facts')}>
          <JobFacts job={{ ...job, ...shown }} />
        </Section>
      </div>
    </div>
  )
}

export function Component() {
  const { t } = useTranslation('jobs')
  const text = useBilingual()
  const { jobId = '' } = useParams()
  const [round, setRound] = useState(0)
  const query = $api.useQuery(
    'get',
    '/api/v1/jobs/{job_id}',
    { params: { path: { job_id: jobId } } },
    { refetchInterval: (q) => (q.state.data && OPEN_STATES.has(q.state.data.state) ? 5000 : false) },
  )
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const job = query.data
  if (!job) return <Loading />
  return (
    <Page
      title={text(job, 'title')}
      crumbs={[
        { label: t('title'), to: '/jobs' },
        ...(job.parent_id ? [{ label: t('parent'), to: `/jobs/${job.parent_id}` }] : []),
        { label: text(job, 'title') },
      ]}
      badges={<Status value={job.cancel_requested && OPEN_STATES.has(job.state) ? 'cancelling' : job.state} />}
      actions={<JobActions job={job} onResumed={() => setRound((count) => count + 1)} />}
    >
      <Body key={`${job.id} ${round}`} job={job} />
      <Snippet
        sources={[
          { label: 'CLI', code: `ceyuan jobs show ${job.id}\nceyuan jobs follow ${job.id}` },
          {
            label: 'HTTP',
            code: `curl -N -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  $CEYUAN_URL/api/v1/jobs/${job.id}/events`,
          },
        ]}
      />
    </Page>
  )
}
