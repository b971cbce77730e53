import { Table } from 'antd'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { JobActions } from '@/features/jobs/JobActions'
import { OPEN_STATES } from '@/features/jobs/stream'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Bytes, Count, Decimal, Duration, Money, Percent, Stat, Stats } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { RunChain } from './RunChain'
import { RunLog, RunProgress } from './RunProgress'
import { SemanticResult } from './SemanticResult'

type Run = Got<'/api/v1/data/runs/{job_id}'>
type Operator = Run['operators'][number]

function Operators({ operators }: { operators: Operator[] }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const total = operators.reduce((sum, one) => sum + one.seconds, 0)
  return (
    <Table
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
      rowKey={(row) => row.name}
      dataSource={operators}
      columns={[
        {
          title: t('run.operator'),
          render: (_, row) => (
            <>
              {row[language]} <span className="faint mono">{row.name}</span>
            </>
          ),
        },
        { title: t('quality.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
        { title: t('run.text'), align: 'right', render: (_, row) => <Bytes value={row.bytes} /> },
        { title: t('run.seconds'), align: 'right', render: (_, row) => <Duration seconds={row.seconds} /> },
        {
          title: t('run.share'),
          align: 'right',
          render: (_, row) => <Percent ratio={total ? row.seconds / total : null} />,
        },
        {
          title: t('run.speed'),
          align: 'right',
          render: (_, row) => (
            <>
              <Decimal value={row.seconds ? row.bytes / row.seconds / 1e6 : null} digits={2} /> MB/s
            </>
          ),
        },
      ]}
    />
  )
}

function Stages({ run }: { run: Run }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const all = run.documents ?? 0
  const left = run.stages.map((_, index) =>
    run.stages.slice(0, index + 1).reduce((rest, stage) => rest - stage.documents, all),
  )
  return (
    <Table
      size="small"
      pagination={false}
      rowKey={(row) => row.reason}
      dataSource={run.stages.map((stage, index) => ({ ...stage, left: left[index] }))}
      columns={[
        { title: t('quality.reason'), render: (_, row) => row[language] },
        { title: t('run.dropped'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
        {
          title: t('run.share'),
          align: 'right',
          render: (_, row) => <Percent ratio={all ? row.documents / all : null} />,
        },
        { title: t('run.left'), align: 'right', render: (_, row) => <Count value={row.left} /> },
      ]}
    />
  )
}

function Body({ run }: { run: Run }) {
  const { t } = useTranslation('data')
  return (
    <div className="stack">
      <Section>
        <Stats>
          <Stat label={t('run.documents')} value={<Count value={run.documents} />} />
          <Stat label={t('quality.kept')} value={<Count value={run.kept} />} />
          <Stat
            label={t('run.changed')}
            value={<Count value={run.change?.put} />}
            note={run.change && t('run.deleted', { count: run.change.deleted })}
          />
          <Stat label={t('run.measured')} value={<Count value={run.change?.measured} />} />
          <Stat
            label={t('run.speed')}
            value={
              run.bytes_per_second === null ? (
                '—'
              ) : (
                <>
                  <Decimal value={run.bytes_per_second / 1e6} digits={1} /> MB/s
                </>
              )
            }
            note={
              run.documents_per_second !== null && (
                <>
                  <Count value={Math.round(run.documents_per_second)} /> {t('run.perSecond')}
                </>
              )
            }
          />
          <Stat
            label={t('run.cpu')}
            value={<Duration seconds={OPEN_STATES.has(run.state) ? null : run.cpu_seconds} />}
            note={
              <>
                {t('pipelines.cost')} <Money micro={run.cost_micro} />
              </>
            }
          />
        </Stats>
      </Section>
      {run.unchanged && <EmptyState title={t('run.unchanged')} next={t('run.unchangedNote')} />}
      {(run.documents !== null || run.operators.length > 0) && (
        <Section title={t('run.chain')}>
          <RunChain run={run} />
        </Section>
      )}
      {run.operators.length > 0 && (
        <Section title={t('run.operators')} note={t('run.operatorsNote')} flush>
          <Operators operators={run.operators} />
        </Section>
      )}
      {run.stages.length > 0 && (
        <Section title={t('quality.reasons')} flush>
          <Stages run={run} />
        </Section>
      )}
      {run.semantic && <SemanticResult found={run.semantic} />}
    </div>
  )
}

/** A pipeline run, live: what each operator did, what was dropped, speed and cost. */
export function Component() {
  const { t } = useTranslation('data')
  const { jobId = '' } = useParams()
  const path = { params: { path: { job_id: jobId } } }
  // The figures are the part's that cleans; the run is over when the whole job is.
  const whole = $api.useQuery('get', '/api/v1/jobs/{job_id}', path, {
    refetchInterval: (q) => (!q.state.data || OPEN_STATES.has(q.state.data.state) ? 1500 : false),
  })
  const running = !whole.data || OPEN_STATES.has(whole.data.state)
  const query = $api.useQuery('get', '/api/v1/data/runs/{job_id}', path, { refetchInterval: running ? 1500 : false })
  const ended = whole.data?.finished_at
  const { refetch } = query
  useEffect(() => {
    if (ended) void refetch()
  }, [ended, refetch])
  const run = query.data
  const job = whole.data
  const error = query.error ?? whole.error
  if (error && !(run && job)) return <ProblemView page error={error} onRetry={() => void refetch()} />
  if (!run || !job) return <Loading />
  const speaks = job.children.at(-1) ?? job
  return (
    <Page
      title={run.dataset}
      description={t('run.description')}
      crumbs={[{ label: t('pipelines.title'), to: '/data/pipelines' }, { label: run.dataset }]}
      badges={<Status value={job.cancel_requested && running ? 'cancelling' : job.state} />}
      actions={
        <>
          {run.revision && <RevisionLink reference={run.revision} />}
          <Link to={`/jobs/${jobId}`}>{t('run.log')}</Link>
          <JobActions job={job} onResumed={() => void whole.refetch()} />
        </>
      }
    >
      {error !== null && <ProblemView error={error} />}
      <RunProgress job={job} />
      <Body run={run} />
      <RunLog key={`${speaks.id} ${speaks.run}`} jobId={speaks.id} />
      <Snippet
        sources={[
          { label: 'CLI', code: `ceyuan data run ${jobId}\nceyuan jobs follow ${jobId}` },
          {
            label: 'HTTP',
            code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  $CEYUAN_URL/api/v1/data/runs/${jobId}`,
          },
        ]}
      />
    </Page>
  )
}
