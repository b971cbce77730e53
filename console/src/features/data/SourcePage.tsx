import { App, Button, Form, Input, Table, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { holds, useSession } from '@/app/session'
import { LineageView } from '@/features/lineage/LineageView'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Percent, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { useNames } from './names'
import { RobotsRules } from './RobotsRules'
import {
  Domain,
  isRegistered,
  KnownBy,
  Licence,
  NO_OPTIONS,
  Optional,
  Reach,
  Rights,
  UNSTATED,
  VectorField,
  type Identity,
  type Options,
  type Source,
} from './SourceFields'

/** Kinds that are read where they lie: nothing is fetched before. */
const AT_HAND = new Set<Source['kind']>(['folder', 'dataset'])

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

interface Change {
  title: string
  description: string
  domain: string
  licence: string
  origin: string
  evidence: string
  owner: string
  grade: Source['grade']
  options?: Options
  secret?: string
  optional: boolean
  vector_field?: string
  identity?: Identity
}

/** What is known of a source, put right; a registered corpus keeps its licence and where it was published. */
function Edit({ source, onDone }: { source: Source; onDone: () => Promise<unknown> }) {
  const { t } = useTranslation('data')
  const [open, setOpen] = useState(false)
  const known = isRegistered(source)
  const { title, description, domain, licence, origin, evidence, owner, grade } = source
  const change = async ({ optional, vector_field, identity, secret, options, ...values }: Change) => {
    const read = { vector_field: vector_field ?? '', identity: identity ?? source.reading.identity }
    await api.PATCH('/api/v1/data/sources/{source_id}', {
      params: { path: { source_id: source.id } },
      body: {
        ...values,
        ...(options ? { options: { ...NO_OPTIONS, ...source.options, ...options } } : {}),
        ...(secret ? { secret } : {}),
        ...(known ? {} : { reading: { ...source.reading, ...read, required: !optional } }),
      },
    })
    await onDone()
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('sources.edit')}</Button>
      <FormModal<Change>
        open={open}
        title={t('sources.edit')}
        submit={t('sources.save')}
        initial={{
          ...{ title, description, domain, licence, origin, evidence, owner, grade },
          options: source.options ?? undefined,
          optional: !source.reading.required,
          vector_field: source.reading.vector_field,
          identity: source.reading.identity,
        }}
        onSubmit={change}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="title" label={t('sources.name')} rules={[{ required: true }]}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="description" label={t('sources.about')}>
          <Input.TextArea maxLength={4000} autoSize={{ minRows: 1 }} />
        </Form.Item>
        <Reach kind={source.kind} location={source.location} kept={source.has_secret} />
        {!known && <Licence required />}
        <Domain required />
        <VectorField kind={source.kind} />
        {!known && <KnownBy kind={source.kind} />}
        <Rights />
        {!known && <Optional />}
      </FormModal>
    </>
  )
}

/** Takes the source out of the list; its name is asked for, and what was made from it stays. */
function Delete({ source }: { source: Source }) {
  const { t } = useTranslation('data')
  const navigate = useNavigate()
  const [open, setOpen] = useState(false)
  const remove = async ({ confirm }: { confirm: string }) => {
    await api.DELETE('/api/v1/data/sources/{source_id}', {
      params: { path: { source_id: source.id }, query: { confirm } },
    })
    void navigate('/data/sources')
  }
  return (
    <>
      <Button danger onClick={() => setOpen(true)}>
        {t('sources.delete')}
      </Button>
      <FormModal<{ confirm: string }>
        open={open}
        danger
        title={t('sources.delete')}
        submit={t('sources.delete')}
        note={t('sources.deleteNote')}
        onSubmit={remove}
        onClose={() => setOpen(false)}
      >
        <Form.Item
          name="confirm"
          label={t('sources.deleteConfirm', { key: source.key })}
          rules={[{ required: true, pattern: new RegExp(`^${source.key.replaceAll('.', '\\.')}$`) }]}
        >
          <Input autoComplete="off" />
        </Form.Item>
      </FormModal>
    </>
  )
}

/** When the source is collected by itself. */
function Schedules({ sourceId }: { sourceId: string }) {
  const { t } = useTranslation('data')
  const { data } = $api.useQuery('get', '/api/v1/data/schedules', {
    params: { query: { source_id: sourceId, limit: 20 } },
  })
  if (!data) return null
  return (
    <>
      {data.items.map((one) => (
        <div key={one.id}>
          <Link to="/data/schedules">{one.name}</Link> <code>{one.cron}</code>{' '}
          <span className="faint">
            {one.next_at === null ? (
              t('schedules.paused')
            ) : (
              <>
                {t('schedules.next')} <Time value={one.next_at} full />
              </>
            )}
          </span>
        </div>
      ))}
      <Link to={`/data/schedules?source=${sourceId}`}>{t('schedules.new')}</Link>
    </>
  )
}

/** What could not be had or read at the last collection, by reason, with the first places of each. */
function SetAside({ fetched }: { fetched: NonNullable<Source['fetched']> }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const said = (reason: string) => {
    const status = /^http_(\d+)$/.exec(reason)?.[1]
    if (status) return t('sources.answered', { status })
    return names.aside(reason) !== reason && names.aside(reason)
  }
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
                  {said(reason)} <code className="faint">{reason}</code>
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
        <div key={host} className="faint">
          <code>{host}/robots.txt</code>{' '}
          {t(`robots.${status === 200 ? 'rules' : status > 0 && status < 500 ? 'none' : 'unreachable'}`, { status })}
        </div>
      ))}
      <Time value={fetched.at} full />
    </>
  )
}

/** Who registered the source, and when. */
function Registered({ source }: { source: Source }) {
  return (
    <>
      {source.creator} · <Time value={source.created_at} full />
    </>
  )
}

/** How a bucket, a hub, a database or a package is had, where it says so. */
function reached(options: Options): [keyof Options, string][] {
  return (Object.entries(options) as [keyof Options, string][]).filter(([, value]) => value !== '')
}

export function Component() {
  const { t } = useTranslation('data')
  const { t: hub } = useTranslation('hub')
  const session = useSession()
  const { sourceId = '' } = useParams()
  const navigate = useNavigate()
  const names = useNames()
  const query = $api.useQuery('get', '/api/v1/data/sources/{source_id}', { params: { path: { source_id: sourceId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const source = query.data
  if (!source) return <Loading />
  const writes = holds(session, source.org_id, 'member')
  return (
    <Page
      title={source.title || source.key}
      description={source.description}
      crumbs={[{ label: t('sources.title'), to: '/data/sources' }, { label: source.title || source.key }]}
      actions={
        <>
          {writes && !isRegistered(source) && (
            <Button onClick={() => void navigate(`/data/sources/mapping?source=${source.id}`)}>
              {t('mapping.title')}
            </Button>
          )}
          {holds(session, source.org_id, 'maintainer') && <Delete source={source} />}
          {writes && <Edit source={source} onDone={() => query.refetch()} />}
          {writes && <Assess sourceId={source.id} />}
          {writes && (
            <Button type="primary" onClick={() => void navigate(`/data/pipelines?source=${source.id}`)}>
              {t('pipelines.new')}
            </Button>
          )}
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
            {
              label: t('sources.licence'),
              value: source.licence === UNSTATED ? t('sources.unstated') : source.licence,
            },
            {
              label: hub('facet.grade'),
              value: source.grade ? <Tag>{hub(`grade.${source.grade}`)}</Tag> : t('sources.ungraded'),
            },
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
            { label: t('sources.owner'), value: source.owner },
            { label: t('sources.registered'), value: <Registered source={source} /> },
            ...(source.reading.vector_field
              ? [{ label: t('sources.vectorField'), value: <code>{source.reading.vector_field}</code> }]
              : []),
            { label: t('sources.evidence'), value: source.evidence || '—' },
            { label: t('schedules.title'), value: <Schedules sourceId={source.id} /> },
            ...(source.options
              ? [
                  ...reached(source.options).map(([name, value]) => ({
                    label: t(`option.${name}`),
                    value: <code style={{ overflowWrap: 'anywhere' }}>{value}</code>,
                  })),
                  ...(source.kind === 'package'
                    ? []
                    : [
                        {
                          label: t('sources.secret'),
                          value: t(source.has_secret ? 'sources.sealed' : 'sources.noSecret'),
                        },
                      ]),
                ]
              : []),
            ...(source.reading.required ? [] : [{ label: t('sources.optional'), value: t('sources.optionalNote') }]),
            ...(source.fetched && (source.kind === 'package' ? !isRegistered(source) : !AT_HAND.has(source.kind))
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
      {source.fetched && <RobotsRules rules={source.fetched.robots_rules ?? []} />}
      {source.fetched && <SetAside fetched={source.fetched} />}
      {source.collected_at && <LineageView node={`source:${source.id}`} />}
      <Snippet
        sources={[
          {
            label: 'CLI',
            code: [
              `ceyuan data sources assess ${source.id} --follow`,
              `ceyuan data collect OWNER/NAME --source ${source.id} --org ${source.org_id} --follow`,
              `ceyuan data sources change ${source.id} --owner OFFICE --licence CC-BY-4.0 --grade internal`,
            ].join('\n'),
          },
        ]}
      />
    </Page>
  )
}
