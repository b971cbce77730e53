import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { OPEN_STATES } from '@/features/jobs/stream'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Bytes, Count, Decimal, Duration, Money, Percent, Stat, Stats } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { RunChain } from './RunChain'
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
            note={t('run.deleted', { count: run.change?.deleted ?? 0 })}
          />
          <Stat label={t('run.measured')} value={<Count value={run.change?.measured} />} />
          <Stat
            label={t('run.speed')}
            value={
              <>
                <Decimal value={run.bytes_per_second && run.bytes_per_second / 1e6} digits={1} /> MB/s
              </>
            }
            note={
              <>
                <Count value={run.documents_per_second && Math.round(run.documents_per_second)} /> {t('run.perSecond')}
              </>
            }
          />
          <Stat label={t('run.cpu')} value={<Duration seconds={run.cpu_seconds} />} />
          <Stat label={t('pipelines.cost')} value={<Money micro={run.cost_micro} />} />
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
  const query = $api.useQuery(
    'get',
    '/api/v1/data/runs/{job_id}',
    { params: { path: { job_id: jobId } } },
    { refetchInterval: (q) => (q.state.data && OPEN_STATES.has(q.state.data.state) ? 1500 : false) },
  )
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const run = query.data
  if (!run) return <Loading />
  return (
    <Page
      title={run.dataset}
      description={t('run.description')}
      crumbs={[{ label: t('pipelines.title'), to: '/data/pipelines' }, { label: run.dataset }]}
      badges={<Status value={run.state} />}
      actions={
        <>
          {run.revision && <RevisionLink reference={run.revision} />}
          <Link to={`/jobs/${run.job_id}`}>{t('run.log')}</Link>
        </>
      }
    >
      <Body run={run} />
      <Snippet
        sources={[
          { label: 'CLI', code: `ceyuan data run ${run.job_id}\nceyuan jobs follow ${run.job_id}` },
          {
            label: 'HTTP',
            code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" \\\n  $CEYUAN_URL/api/v1/data/runs/${run.job_id}`,
          },
        ]}
      />
    </Page>
  )
}
