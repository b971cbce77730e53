import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { OPEN_STATES } from '@/features/jobs/stream'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Decimal, Percent, Stat, Stats, Time } from '@/ui/Figures'
import { IntervalBar } from '@/ui/IntervalBar'
import { Json } from '@/ui/Json'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Status } from '@/ui/Status'

import { Answers } from './Answers'
import { FamilyChart } from './FamilyChart'
import { summaryOf, type ModelFigures, type PairFigures, type Summary } from './summary'

type Run = Got<'/api/v1/evaluation/runs/{run_id}'>

function Models({ summary }: { summary: Summary }) {
  const { t } = useTranslation('evaluation')
  return (
    <Table<ModelFigures>
      size="middle"
      rowKey="model"
      pagination={false}
      dataSource={summary.models}
      columns={[
        { title: t('model'), dataIndex: 'model' },
        {
          title: t('column.accuracy'),
          width: '40%',
          render: (_, row) => (
            <IntervalBar estimate={row.accuracy} mark={summary.chance} label={t('interval', { what: row.model })} />
          ),
        },
        {
          title: t('latency'),
          align: 'right',
          render: (_, row) => <span className="num">{Math.round(row.latency_ms.value)} ms</span>,
        },
        { title: t('faults'), align: 'right', render: (_, row) => <Count value={row.faults} /> },
      ]}
    />
  )
}

function Pairs({ pairs }: { pairs: PairFigures[] }) {
  const { t } = useTranslation('evaluation')
  if (pairs.length === 0) return null
  return (
    <Section title={t('pairs.title')} note={t('pairs.note')}>
      <Table<PairFigures>
        size="small"
        rowKey={(row) => `${row.first}−${row.second}`}
        pagination={false}
        dataSource={pairs}
        columns={[
          { title: t('pairs.pair'), render: (_, row) => `${row.first} − ${row.second}` },
          {
            title: t('pairs.difference'),
            render: (_, row) => (
              <span className="num">
                <Percent ratio={row.difference.value} /> [<Percent ratio={row.difference.low} />,{' '}
                <Percent ratio={row.difference.high} />]
              </span>
            ),
          },
          { title: 'McNemar p', align: 'right', render: (_, row) => <Decimal value={row.p_value} digits={4} /> },
        ]}
      />
    </Section>
  )
}

function Report({ run, summary }: { run: Run; summary: Summary }) {
  const { t } = useTranslation('evaluation')
  return (
    <>
      <Stats>
        <Stat label={t('items')} value={<Count value={summary.items} />} note={t('itemsNote')} />
        <Stat label={t('chance')} value={<Percent ratio={summary.chance} />} />
        {summary.models.map((model) => (
          <Stat
            key={model.model}
            label={model.model}
            value={<Percent ratio={model.accuracy.value} />}
            note={t('column.accuracy')}
          />
        ))}
        {summary.perplexity.map((one) => (
          <Stat
            key={one.model}
            label={t('column.perplexity')}
            value={<Decimal value={one.value} digits={2} />}
            note={`[${one.low.toFixed(2)}, ${one.high.toFixed(2)}] · ${t('documents', { count: one.documents })}`}
          />
        ))}
      </Stats>
      {summary.models.length > 0 && (
        <Section title={t('column.accuracy')} note={t('wilson')}>
          <Models summary={summary} />
        </Section>
      )}
      {summary.models.length > 0 && (
        <Section title={t('byFamily')}>
          <FamilyChart summary={summary} />
        </Section>
      )}
      <Pairs pairs={summary.pairs} />
      <Answers run={run} models={summary.models.map((model) => model.model)} />
    </>
  )
}

export function Component() {
  const { t } = useTranslation('evaluation')
  const { runId = '' } = useParams()
  const query = $api.useQuery(
    'get',
    '/api/v1/evaluation/runs/{run_id}',
    { params: { path: { run_id: runId } } },
    { refetchInterval: (q) => (q.state.data && OPEN_STATES.has(q.state.data.state) ? 3000 : false) },
  )
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const run = query.data
  if (!run) return <Loading />
  const summary = summaryOf(run.summary)
  return (
    <Page
      title={run.name}
      crumbs={[{ label: t('title'), to: '/evaluation/runs' }, { label: run.name }]}
      badges={<Status value={run.state} />}
    >
      <Section>
        <Facts
          columns={3}
          facts={[
            { label: t('report'), value: run.report ? <RevisionLink reference={run.report} /> : null },
            { label: t('job'), value: <Link to={`/jobs/${run.job_id}`}>{t('log')}</Link> },
            { label: t('column.created'), value: <Time value={run.created_at} full /> },
            { label: t('finished'), value: run.finished_at ? <Time value={run.finished_at} full /> : null },
          ]}
        />
      </Section>
      {summary ? (
        <Report run={run} summary={summary} />
      ) : (
        <Section title={t('plan')}>
          <Json value={run.plan} />
        </Section>
      )}
    </Page>
  )
}
