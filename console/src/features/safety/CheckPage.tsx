import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { OPEN_STATES } from '@/features/jobs/stream'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Hash, Time } from '@/ui/Figures'
import { IntervalBar } from '@/ui/IntervalBar'
import { Json } from '@/ui/Json'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Status } from '@/ui/Status'

import { usePartName, Verdict } from './ChecksPage'
import { Findings } from './Findings'
import { summaryOf, type PartResult } from './summary'
import { useRisks } from './useRisks'

type Check = Got<'/api/v1/safety/checks/{check_id}'>

interface ClauseRow {
  clause: string
  failed: number
  for_review: number
}

function Part({ part }: { part: PartResult }) {
  const { t } = useTranslation('safety')
  const risk = useRisks()
  const partName = usePartName()
  const rows: ClauseRow[] = Object.entries(part.clauses).map(([clause, counts]) => ({ clause, ...counts }))
  return (
    <Section
      title={partName(part.part)}
      note={t('partNote', { n: part.n, failed: part.failed, review: part.for_review })}
      extra={<Verdict passed={part.passed} />}
    >
      <div className="stack">
        <IntervalBar estimate={part.pass_rate} mark={part.needed} label={t('rate')} />
        <p className="faint">{t('needed', { percent: Math.round(part.needed * 100) })}</p>
        {part.review && <RevisionLink reference={part.review.report} />}
        <Table<ClauseRow>
          size="small"
          rowKey="clause"
          pagination={false}
          dataSource={rows}
          locale={{ emptyText: t('clean') }}
          columns={[
            {
              title: t('clause'),
              render: (_, row) => (
                <>
                  <code>{row.clause}</code> {risk(row.clause)}
                </>
              ),
            },
            { title: t('failed'), align: 'right', width: 130, render: (_, row) => <Count value={row.failed} /> },
            { title: t('review'), align: 'right', width: 130, render: (_, row) => <Count value={row.for_review} /> },
          ]}
        />
      </div>
    </Section>
  )
}

function Signature({ check }: { check: Check }) {
  const { t } = useTranslation('safety')
  return (
    <Section title={t('signed.title')} note={t('signed.note')}>
      <Facts
        columns={2}
        facts={[
          { label: t('report'), value: check.report ? <RevisionLink reference={check.report} /> : '—' },
          { label: t('signed.signature'), value: check.signature ? <Hash value={check.signature} length={20} /> : '—' },
          { label: t('signed.key'), value: check.key_id ? <code>{check.key_id}</code> : '—' },
          { label: t('signed.audit'), value: <Link to={`/audit?subject=${check.id}`}>{t('signed.entry')}</Link> },
          { label: t('job'), value: <Link to={`/jobs/${check.job_id}`}>{t('log')}</Link> },
          { label: t('column.created'), value: <Time value={check.finished_at ?? check.created_at} full /> },
        ]}
      />
    </Section>
  )
}

export function Component() {
  const { t } = useTranslation('safety')
  const { checkId = '' } = useParams()
  const query = $api.useQuery(
    'get',
    '/api/v1/safety/checks/{check_id}',
    { params: { path: { check_id: checkId } } },
    { refetchInterval: (q) => (q.state.data && OPEN_STATES.has(q.state.data.state) ? 3000 : false) },
  )
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const check = query.data
  if (!check) return <Loading />
  const summary = summaryOf(check.summary)
  return (
    <Page
      title={check.name}
      description={summary ? t('standard', { version: summary.version }) : undefined}
      crumbs={[{ label: t('title'), to: '/governance/safety' }, { label: check.name }]}
      badges={
        <>
          <Status value={check.state} />
          <Verdict passed={check.passed} />
        </>
      }
    >
      <Signature check={check} />
      {summary ? (
        summary.parts.map((part) => <Part key={part.part} part={part} />)
      ) : (
        <Section title={t('plan')}>
          <Json value={check.plan} />
        </Section>
      )}
      {summary && <Findings checkId={check.id} />}
    </Page>
  )
}
