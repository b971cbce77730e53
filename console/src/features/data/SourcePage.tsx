import { App, Button, Form, Input, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { LineageView } from '@/features/lineage/LineageView'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Percent, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { useNames } from './names'

type Source = Item<'/api/v1/data/sources'>

/** Kinds that are read where they lie: nothing is fetched before. */
const AT_HAND = new Set<Source['kind']>(['folder', 'package', 'dataset'])

/** Inspects a sample before the source is collected as a whole. */
function Assess({ sourceId }: { sourceId: string }) {
  const { t } = useTranslation('data')
  const { message } = App.useApp()
  const navigate = useNavigate()
  const assess = $api.useMutation('post', '/api/v1/data/sources/{source_id}/assess', {
    onSuccess: (job) => void navigate(`/jobs/${job.job_id}`),
    onError: (error: unknown) => void message.error(asProblem(error).detail || asProblem(error).title),
  })
  return (
    <Button
      loading={assess.isPending}
      onClick={() => assess.mutate({ params: { path: { source_id: sourceId }, query: { documents: 500 } } })}
    >
      {t('sources.assess')}
    </Button>
  )
}

type Change = Pick<Source, 'title' | 'domain' | 'licence' | 'origin' | 'evidence'>

/** What is known of a source, put right; a registered corpus keeps its licence and where it was published. */
function Edit({ source, onDone }: { source: Source; onDone: () => Promise<unknown> }) {
  const { t } = useTranslation('data')
  const { parts, side } = useNames()
  const [open, setOpen] = useState(false)
  const { title, domain, licence, origin, evidence } = source
  const change = async (values: Change) => {
    await api.PATCH('/api/v1/data/sources/{source_id}', { params: { path: { source_id: source.id } }, body: values })
    await onDone()
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('sources.edit')}</Button>
      <FormModal<Change>
        open={open}
        title={t('sources.edit')}
        submit={t('sources.edit')}
        initial={{ title, domain, licence, origin, evidence }}
        onSubmit={change}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="title" label={t('sources.name')} rules={[{ required: true }]}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item
          name="domain"
          label={t('sources.domain')}
          extra={t('sources.domainNote')}
          rules={[{ required: true }]}
        >
          <Select
            options={Object.entries(parts?.domains ?? {}).map(([value, words]) => ({ value, label: words[side] }))}
          />
        </Form.Item>
        {source.kind !== 'package' && (
          <div className="grid-2">
            <Form.Item name="licence" label={t('sources.licence')} rules={[{ required: true }]}>
              <Input maxLength={120} />
            </Form.Item>
            <Form.Item name="origin" label={t('sources.origin')}>
              <Input maxLength={500} />
            </Form.Item>
          </div>
        )}
        <Form.Item name="evidence" label={t('sources.evidence')} extra={t('sources.evidenceNote')}>
          <Input.TextArea maxLength={4000} autoSize={{ minRows: 2 }} />
        </Form.Item>
      </FormModal>
    </>
  )
}

/** What could not be had or read at the last collection, by reason, with the first places of each. */
function SetAside({ fetched }: { fetched: NonNullable<Source['fetched']> }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const counts = [...Object.entries(fetched.quarantined), ...Object.entries(fetched.unreadable ?? {})]
  if (counts.length === 0) return null
  return (
    <Section title={t('sources.aside')}>
      <div className="stack">
        <p className="soft">{t('sources.asideNote')}</p>
        <Table
          size="small"
          rowKey={(row) => row[0]}
          pagination={false}
          scroll={{ x: 640 }}
          dataSource={counts.sort((one, other) => other[1] - one[1])}
          columns={[
            {
              title: t('quality.reason'),
              width: 210,
              render: (_, [reason]) => (
                <>
                  {names.aside(reason) !== reason && names.aside(reason)} <code className="faint">{reason}</code>
                </>
              ),
            },
            {
              title: t('sources.asideCount'),
              width: 80,
              align: 'right',
              render: (_, [, count]) => <Count value={count} />,
            },
            {
              title: t('sources.asidePlaces'),
              render: (_, [reason]) =>
                (fetched.examples ?? [])
                  .filter((one) => one.reason === reason)
                  .map((one) => (
                    <div key={one.where + one.detail} style={{ overflowWrap: 'anywhere', maxWidth: 640 }}>
                      <code>{one.where}</code>{' '}
                      <span className="faint">{one.detail === one.where ? '' : one.detail}</span>
                    </div>
                  )),
            },
          ]}
        />
      </div>
    </Section>
  )
}

/** What the last visit to the source brought, with the answers of robots files as evidence. */
function Visit({ fetched }: { fetched: NonNullable<Source['fetched']> }) {
  const { t } = useTranslation('data')
  return (
    <>
      <div>{t('sources.visited', { fetched: fetched.fetched, unchanged: fetched.unchanged, gone: fetched.gone })}</div>
      {Object.entries(fetched.robots).map(([host, status]) => (
        <div key={host} className="faint mono">
          {host}/robots.txt: {status}
        </div>
      ))}
      <Time value={fetched.at} full />
    </>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const { sourceId = '' } = useParams()
  const navigate = useNavigate()
  const names = useNames()
  const query = $api.useQuery('get', '/api/v1/data/sources/{source_id}', { params: { path: { source_id: sourceId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const source = query.data
  if (!source) return <Loading />
  return (
    <Page
      title={source.title || source.key}
      description={source.description}
      crumbs={[{ label: t('sources.title'), to: '/data/sources' }, { label: source.title || source.key }]}
      actions={
        <>
          {source.kind !== 'package' && (
            <Button onClick={() => void navigate(`/data/sources/mapping?source=${source.id}`)}>
              {t('mapping.title')}
            </Button>
          )}
          <Edit source={source} onDone={() => query.refetch()} />
          <Assess sourceId={source.id} />
          <Button type="primary" onClick={() => void navigate(`/data/pipelines?source=${source.id}`)}>
            {t('pipelines.new')}
          </Button>
        </>
      }
    >
      <Section>
        <Facts
          columns={2}
          facts={[
            { label: t('sources.key'), value: <code>{source.key}</code> },
            { label: t('sources.kind'), value: t(`kind.${source.kind}`) },
            { label: t('sources.location'), value: <code>{source.location}</code> },
            { label: t('sources.licence'), value: source.licence || '—' },
            { label: t('sources.origin'), value: source.origin === source.kind ? '—' : source.origin || '—' },
            { label: t('sources.domain'), value: source.domain ? names.domain(source.domain) : '—' },
            { label: t('sources.documents'), value: <Count value={source.documents} /> },
            {
              label: t('sources.rejected'),
              value: <Count value={source.rejected} />,
            },
            { label: t('sources.collected'), value: <Time value={source.collected_at} full /> },
            ...(source.reading.mapping
              ? [{ label: t('mapping.title'), value: <code>{source.reading.mapping.text.join(' + ')} → text</code> }]
              : []),
            { label: t('sources.evidence'), value: source.evidence || '—' },
            ...(source.options
              ? [{ label: t('sources.secret'), value: t(source.has_secret ? 'sources.sealed' : 'sources.noSecret') }]
              : []),
            ...(source.fetched && !AT_HAND.has(source.kind)
              ? [{ label: t('sources.visit'), value: <Visit fetched={source.fetched} /> }]
              : []),
            {
              label: t('sources.assessment'),
              value: source.assessment ? (
                <>
                  {t(source.assessment.refused ? 'review.refused' : 'review.accepted')} ·{' '}
                  <Percent ratio={source.assessment.share} digits={2} /> / <Count value={source.assessment.documents} />
                </>
              ) : (
                t('sources.notAssessed')
              ),
            },
          ]}
        />
      </Section>
      {source.fetched && <SetAside fetched={source.fetched} />}
      {source.collected_at && <LineageView node={`source:${source.id}`} />}
      <Snippet sources={[{ label: 'CLI', code: `ceyuan data sources assess ${source.id}` }]} />
    </Page>
  )
}
