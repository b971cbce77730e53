import { Alert, App, Button, Popconfirm, Segmented, Table, Tabs, Tooltip } from 'antd'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { holds, useSession } from '@/app/session'
import { formatPercent } from '@/lib/format'
import { LineageView } from '@/features/lineage/LineageView'
import { Facts } from '@/ui/Facts'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Decimal, Hash, Percent, Stat, Stats, Time } from '@/ui/Figures'
import { IntervalBar } from '@/ui/IntervalBar'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'

import { useNames } from './names'
import { ReviewQueue } from './ReviewQueue'
import { ReviewStatus } from './ReviewStatus'

type Review = Got<'/api/v1/data/reviews/{review_id}'>

interface Estimate {
  value: number
  low: number
  high: number
}

interface Machine {
  documents: number
  failed: number
  flagged: number
  rate: Estimate | null
  clauses: Record<string, number>
  sources: Record<string, { documents: number; failed: number; share: number; refused: boolean }>
  version: string
}

interface Manual {
  rate: Estimate | null
  settled: number
  failed: number
  reviewers: number
  agreement: number | null
  kappa: number | null
  certain: boolean
  strata: Record<string, { documents: number; settled: number; failed: number }>
}

/** A pass rate with its interval, beside the one that is needed. */
function Rate({ label, estimate, needed }: { label: string; estimate: Estimate; needed: number }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  return (
    <Section title={label} note={t('review.neededRate', { rate: formatPercent(needed, language) })}>
      <IntervalBar estimate={estimate} mark={needed} label={label} />
    </Section>
  )
}

/** What the detectors found, document by document: what fails one, and what is for people to look at. */
function Findings({ reviewId }: { reviewId: string }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const [page, setPage] = useState(1)
  const [fails, setFails] = useState<'all' | 'fails' | 'look'>('all')
  const risks = $api.useQuery('get', '/api/v1/safety/risks', {}, { staleTime: Infinity }).data ?? []
  const query = $api.useQuery('get', '/api/v1/data/reviews/{review_id}/findings', {
    params: {
      path: { review_id: reviewId },
      query: { offset: (page - 1) * 20, ...(fails === 'all' ? {} : { fails: fails === 'fails' }) },
    },
  })
  const risk = (clause: string) => risks.find((one) => one.id === clause)?.[language] ?? ''
  return (
    <Section
      title={t('review.findings')}
      note={t('review.findingsNote')}
      extra={
        <Segmented<'all' | 'fails' | 'look'>
          value={fails}
          onChange={(value) => {
            setFails(value)
            setPage(1)
          }}
          options={[
            { value: 'all', label: t('review.findingsAll') },
            { value: 'fails', label: t('review.failing') },
            { value: 'look', label: t('review.flagged') },
          ]}
        />
      }
      flush
    >
      {query.error && <ProblemView error={query.error} />}
      <Table
        size="small"
        loading={query.isPending}
        rowKey="row"
        scroll={{ x: 'max-content' }}
        pagination={{
          current: page,
          pageSize: 20,
          total: query.data?.total ?? 0,
          hideOnSinglePage: true,
          showSizeChanger: false,
          onChange: setPage,
        }}
        dataSource={(query.data?.items ?? []).map((one, row) => ({ ...one, row }))}
        columns={[
          { title: t('review.item'), render: (_, row) => <code>{row.document}</code> },
          {
            title: t('review.verdict'),
            render: (_, row) => t(row.fails ? 'review.fail' : 'review.flagged'),
          },
          {
            title: t('review.clause'),
            render: (_, row) => (
              <>
                {row.clause} <span className="soft">{risk(row.clause)}</span>
              </>
            ),
          },
          {
            title: t('review.excerpt'),
            render: (_, row) => (
              <div style={{ maxWidth: 400, whiteSpace: 'normal' }}>
                {row.excerpt || (
                  <span className="faint">
                    {t('review.withheld', { kind: t(`review.personal.${row.detail}`, row.detail) })}
                  </span>
                )}
              </div>
            ),
          },
        ]}
      />
    </Section>
  )
}

function MachinePart({ review }: { review: Review }) {
  const { t } = useTranslation('data')
  const machine = review.machine as unknown as Machine | null
  if (!machine) return <EmptyState title={t('review.preparing')} />
  const sources = Object.entries(machine.sources).map(([source, figures]) => ({ source, ...figures }))
  return (
    <div className="stack">
      <Stats>
        <Stat label={t('review.inspected')} value={<Count value={machine.documents} />} />
        <Stat label={t('review.failing')} value={<Count value={machine.failed} />} />
        <Stat label={t('review.flagged')} value={<Count value={machine.flagged} />} />
      </Stats>
      {machine.rate && <Rate label={t('review.machine')} estimate={machine.rate} needed={review.machine_needed} />}
      <Section title={t('review.sources')} note={t('review.sourcesNote')} flush>
        <Table
          size="small"
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          rowKey="source"
          dataSource={sources}
          columns={[
            { title: t('sources.title'), dataIndex: 'source' },
            { title: t('quality.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
            { title: t('review.failing'), align: 'right', render: (_, row) => <Count value={row.failed} /> },
            { title: t('run.share'), align: 'right', render: (_, row) => <Percent ratio={row.share} digits={2} /> },
            { title: t('review.verdict'), render: (_, row) => t(row.refused ? 'review.refused' : 'review.accepted') },
          ]}
        />
      </Section>
      <Findings reviewId={review.id} />
      <p className="faint mono">{machine.version}</p>
    </div>
  )
}

function ResultPart({ review }: { review: Review }) {
  const { t } = useTranslation('data')
  const result = review.result as { manual?: Manual; standard?: boolean } | null
  const manual = result?.manual
  const names = useNames()
  const replay = $api.useMutation('post', '/api/v1/data/reviews/{review_id}/replay')
  if (!manual) return <EmptyState title={t('review.noResult')} next={t('review.noResultNote')} />
  const strata = Object.entries(manual.strata).map(([stratum, figures]) => ({ stratum, ...figures }))
  const layer = (stratum: string) => {
    const [source = '', domain = ''] = stratum.split(' · ')
    return domain ? `${source} · ${names.domain(domain)}` : stratum
  }
  const told = (value: boolean) => t(value ? 'review.same' : 'review.differs')
  return (
    <div className="stack">
      {result?.standard === false && <Alert type="warning" showIcon title={t('review.below')} />}
      <Stats>
        <Stat
          label={t('review.verdict')}
          value={t(review.passed ? 'review.passed' : 'review.notPassed')}
          tone={review.passed ? 'good' : 'bad'}
        />
        <Stat label={t('review.failing')} value={<Count value={manual.failed} />} />
        <Stat label={t('review.reviewers')} value={<Count value={manual.reviewers} />} />
        <Stat label={t('review.agreement')} value={<Percent ratio={manual.agreement} />} />
        <Stat label="κ" value={<Decimal value={manual.kappa} digits={2} />} />
      </Stats>
      {manual.rate && <Rate label={t('review.manual')} estimate={manual.rate} needed={review.needed} />}
      <Section title={t('review.strata')} flush>
        <Table
          size="small"
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          rowKey="stratum"
          dataSource={strata}
          columns={[
            { title: t('review.stratum'), render: (_, row) => layer(row.stratum) },
            { title: t('quality.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
            { title: t('review.failing'), align: 'right', render: (_, row) => <Count value={row.failed} /> },
          ]}
        />
      </Section>
      <Section
        title={t('review.replay')}
        note={t('review.replayNote')}
        extra={
          <Button
            loading={replay.isPending}
            onClick={() => replay.mutate({ params: { path: { review_id: review.id } } })}
          >
            {t('review.replayDo')}
          </Button>
        }
      >
        {replay.error !== null && <ProblemView error={replay.error} />}
        {replay.data && (
          <Facts
            columns={3}
            facts={[
              { label: t('review.sample'), value: told(replay.data.sample_same) },
              { label: t('review.result'), value: told(replay.data.result_same) },
              {
                label: t('review.signature'),
                value: t(replay.data.signature_valid ? 'review.valid' : 'review.invalid'),
              },
            ]}
          />
        )}
      </Section>
    </div>
  )
}

function Close({ review, onDone }: { review: Review; onDone: () => void }) {
  const { t } = useTranslation('data')
  const session = useSession()
  const { message } = App.useApp()
  const close = $api.useMutation('post', '/api/v1/data/reviews/{review_id}/close', {
    onSuccess: onDone,
    onError: (error: unknown) => void message.error(asProblem(error).detail || asProblem(error).title),
  })
  if (review.state !== 'open' || !holds(session, review.org_id, 'maintainer')) return null
  const waits = review.documents - review.settled
  if (waits > 0)
    return (
      <Tooltip placement="bottomRight" title={t('review.closeWaits', { count: waits })}>
        <span tabIndex={0}>
          <Button disabled>{t('review.close')}</Button>
        </span>
      </Tooltip>
    )
  return (
    <Popconfirm
      placement="bottomRight"
      title={t('review.closeAsk')}
      description={t('review.closeNote')}
      onConfirm={() => close.mutate({ params: { path: { review_id: review.id } } })}
    >
      <Button type="primary" loading={close.isPending}>
        {t('review.close')}
      </Button>
    </Popconfirm>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const session = useSession()
  const { reviewId = '' } = useParams()
  const query = $api.useQuery(
    'get',
    '/api/v1/data/reviews/{review_id}',
    { params: { path: { review_id: reviewId } } },
    { refetchInterval: (q) => (['preparing', 'closing'].includes(q.state.data?.state ?? '') ? 2000 : false) },
  )
  const { refetch } = query
  const refresh = useCallback(() => void refetch(), [refetch])
  if (query.error) return <ProblemView page error={query.error} />
  const review = query.data
  if (!review) return <Loading />
  return (
    <Page
      title={review.title}
      description={t('review.pageNote')}
      crumbs={[{ label: t('review.title'), to: '/data/reviews' }, { label: review.title }]}
      badges={<ReviewStatus state={review.state} />}
      actions={
        <>
          {review.job_id && <Link to={`/jobs/${review.job_id}`}>{t('run.log')}</Link>}
          <Close review={review} onDone={refresh} />
        </>
      }
    >
      <Section>
        <Facts
          columns={3}
          facts={[
            { label: t('review.dataset'), value: <RevisionLink reference={review.dataset} /> },
            { label: t('review.seed'), value: <Hash value={review.seed} length={12} /> },
            { label: t('review.sample'), value: <Hash value={review.sample} length={12} /> },
            { label: t('review.report'), value: review.report ? <RevisionLink reference={review.report} /> : '—' },
            { label: t('review.signature'), value: <Hash value={review.signature} length={12} /> },
            {
              label: t('review.settled'),
              value: (
                <>
                  <Count value={review.settled} /> / <Count value={review.documents} />
                </>
              ),
            },
            { label: t('pipelines.created'), value: <Time value={review.created_at} full /> },
          ]}
        />
      </Section>
      <Tabs
        key={review.state === 'closed' ? 'closed' : 'open'}
        defaultActiveKey={review.state === 'closed' ? 'result' : 'queue'}
        destroyOnHidden
        items={[
          {
            key: 'queue',
            label: t('review.queue'),
            children:
              review.state === 'open' && holds(session, review.org_id, 'member') ? (
                <ReviewQueue reviewId={review.id} dataset={review.dataset} onJudged={refresh} />
              ) : (
                <EmptyState title={t(`review.state.${review.state}`)} next={t(`review.stateNote.${review.state}`)} />
              ),
          },
          { key: 'machine', label: t('review.machine'), children: <MachinePart review={review} /> },
          { key: 'result', label: t('review.result'), children: <ResultPart review={review} /> },
          { key: 'lineage', label: t('review.lineage'), children: <LineageView reference={review.dataset} /> },
        ]}
      />
      <Snippet
        sources={[
          {
            label: 'CLI',
            code:
              review.state === 'closed'
                ? `ceyuan data reviews show ${review.id}\nceyuan data reviews findings ${review.id}\nceyuan data reviews replay ${review.id}`
                : `ceyuan data reviews show ${review.id}\nceyuan data reviews queue ${review.id}\nceyuan data reviews judge ${review.id} 0 pass`,
          },
        ]}
      />
    </Page>
  )
}
