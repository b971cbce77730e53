import { App, Button, DatePicker, Form, Input, Pagination, Select, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/types'
import { holds, useSession } from '@/app/session'
import { repositoryPath } from '@/lib/reference'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Hash, Stat, Stats, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { useNames } from './names'
import type { CorpusPlace } from './place'

type Version = Item<'/api/v1/data/datasets/{owner}/{name}/versions'>

const KINDS = ['added', 'removed', 'newly_kept', 'newly_dropped', 'changed'] as const
type Kind = (typeof KINDS)[number]
const PER_PAGE = 25

function Diff({ place, pair }: { place: CorpusPlace; pair: [string, string] }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const [kind, setKind] = useState<Kind | null>(null)
  const [page, setPage] = useState(1)
  const query = $api.useQuery(
    'get',
    '/api/v1/data/datasets/{owner}/{name}/versions/diff',
    {
      params: {
        path: { owner: place.owner, name: place.name },
        query: { earlier: pair[0], later: pair[1], kind, limit: PER_PAGE, offset: (page - 1) * PER_PAGE },
      },
    },
    { placeholderData: (held) => held },
  )
  if (query.error) return <ProblemView error={query.error} />
  const found = query.data
  if (!found) return <Loading />
  return (
    <div className="stack">
      <Stats>
        {KINDS.map((value) => (
          <Stat key={value} label={t(`version.${value}`)} value={<Count value={found.counts[value]} />} />
        ))}
      </Stats>
      <DataTable
        bare
        label={t('version.diff')}
        query={{ ...query, data: { items: found.documents } }}
        rowKey={(row) => row.id}
        extra={
          <Select<Kind>
            allowClear
            placeholder={t('version.kind')}
            aria-label={t('version.kind')}
            value={kind}
            onChange={(value) => {
              setKind(value ?? null)
              setPage(1)
            }}
            options={KINDS.map((value) => ({ value, label: t(`version.${value}`) }))}
            style={{ minWidth: 160 }}
          />
        }
        columns={[
          {
            title: t('document.id'),
            render: (_, row) => (
              <Link
                to={`${repositoryPath('dataset', place.owner, place.name)}/quality?tab=documents&id=${encodeURIComponent(row.id)}`}
              >
                <code>{row.id}</code>
              </Link>
            ),
          },
          { title: t('version.kind'), render: (_, row) => t(`version.${row.kind}`) },
          { title: t('sources.domain'), render: (_, row) => names.domain(row.domain) },
          {
            title: t('version.before'),
            render: (_, row) => (row.reason_before ? names.reason(row.reason_before) : '—'),
          },
          { title: t('version.after'), render: (_, row) => (row.reason_after ? names.reason(row.reason_after) : '—') },
        ]}
        empty={<EmptyState title={t('version.same')} />}
      />
      <Pagination
        align="end"
        size="small"
        hideOnSinglePage
        showSizeChanger={false}
        current={page}
        pageSize={PER_PAGE}
        total={kind ? found.counts[kind] : Object.values(found.counts).reduce((sum, one) => sum + one, 0)}
        onChange={setPage}
      />
    </div>
  )
}

function RollBack({ place, version, onDone }: { place: CorpusPlace; version: Version; onDone: () => void }) {
  const { t } = useTranslation('data')
  const { message } = App.useApp()
  const [open, setOpen] = useState(false)
  const back = async ({ why }: { why?: string }) => {
    await api.POST('/api/v1/data/datasets/{owner}/{name}/versions/rollback', {
      params: { path: { owner: place.owner, name: place.name } },
      body: { to: version.commit, why: why ?? '' },
    })
    void message.success(t('version.done'))
    onDone()
  }
  return (
    <>
      <Button type="link" size="small" onClick={() => setOpen(true)}>
        {t('version.back')}
      </Button>
      <FormModal<{ why?: string }>
        open={open}
        title={t('version.ask')}
        note={t('version.askNote')}
        submit={t('version.back')}
        onSubmit={back}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="why" label={t('version.why')}>
          <Input maxLength={400} />
        </Form.Item>
      </FormModal>
    </>
  )
}

/** Keeps a version under a name of its own, a tag. */
function Snapshot({ place, version, onDone }: { place: CorpusPlace; version: Version; onDone: () => void }) {
  const { t } = useTranslation('data')
  const [open, setOpen] = useState(false)
  const keep = async ({ name, why }: { name: string; why?: string }) => {
    await api.POST('/api/v1/repositories/{kind}/{owner}/{name}/refs', {
      params: { path: { kind: 'dataset', owner: place.owner, name: place.name } },
      body: { kind: 'tag', name, revision: version.commit, message: why ?? '' },
    })
    onDone()
  }
  return (
    <>
      <Button type="link" size="small" onClick={() => setOpen(true)}>
        {t('version.snapshot')}
      </Button>
      <FormModal<{ name: string; why?: string }>
        open={open}
        title={t('version.snapshot')}
        note={t('version.snapshotNote')}
        submit={t('version.snapshot')}
        onSubmit={keep}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="name" label={t('version.snapshotName')} rules={[{ required: true }]}>
          <Input maxLength={200} placeholder="2026-q1" />
        </Form.Item>
        <Form.Item name="why" label={t('version.why')}>
          <Input maxLength={400} />
        </Form.Item>
      </FormModal>
    </>
  )
}

/** Opens the version that was current at a time. */
function AtTime({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const { message } = App.useApp()
  const navigate = useNavigate()
  const go = async (when: Date) => {
    try {
      const { data } = await api.GET('/api/v1/data/datasets/{owner}/{name}/versions/at', {
        params: { path: { owner: place.owner, name: place.name }, query: { when: when.toISOString() } },
      })
      if (data) void navigate(repositoryPath('dataset', place.owner, place.name, data.commit))
    } catch (error) {
      void message.error(asProblem(error).detail || asProblem(error).title)
    }
  }
  return (
    <DatePicker
      showTime
      aria-label={t('version.at')}
      placeholder={t('version.at')}
      onOk={(value) => void go(value.toDate())}
      style={{ width: 240 }}
    />
  )
}

/** Whether the reader may name a version, and whether make an earlier one the newest. */
function useRights(place: CorpusPlace) {
  const session = useSession()
  const owner = session.organisations.find(({ name }) => name === place.owner)?.id ?? null
  return { mayName: holds(session, owner, 'member'), mayGoBack: holds(session, owner, 'maintainer') }
}

/** Every version of a corpus: what changed in each, what differs between two, and going back. */
export function VersionsView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const { mayName, mayGoBack } = useRights(place)
  const [chosen, setChosen] = useState<[string | null, string | null]>([null, null])
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/versions', {
    params: { path: { owner: place.owner, name: place.name }, query: { limit: 50 } },
  })
  const refs = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/refs', {
    params: { path: { kind: 'dataset', owner: place.owner, name: place.name } },
  })
  const tags = (refs.data ?? []).filter((one) => one.kind === 'tag')
  const items = query.data?.items ?? []
  const later = chosen[1] ?? items[0]?.commit
  const earlier = chosen[0] ?? items[1]?.commit
  const options = items.map((one) => ({ value: one.commit, label: `${one.commit.slice(0, 10)} ${one.title}` }))
  const columns: Column<Version>[] = [
    {
      title: t('version.version'),
      render: (_, row) => (
        <>
          <Link to={repositoryPath('dataset', place.owner, place.name, row.commit)}>
            <code>{row.commit.slice(0, 10)}</code>
          </Link>{' '}
          {row.current && <Tag>{t('version.current')}</Tag>}
          {tags
            .filter((one) => one.commit === row.commit)
            .map((one) => (
              <Tag key={one.name} color="processing" title={one.message}>
                {one.name}
              </Tag>
            ))}
          <div className="faint">
            {row.restored
              ? t('version.restored', { commit: row.restored.slice(0, 10) })
              : row.title === 'Build the corpus'
                ? t('version.built')
                : row.title}
            {row.why && `：${row.why}`}
          </div>
        </>
      ),
    },
    { title: t('run.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
    { title: t('quality.kept'), align: 'right', render: (_, row) => <Count value={row.kept} /> },
    {
      title: t('version.change'),
      render: (_, row) =>
        row.restored
          ? `= ${row.restored.slice(0, 10)}`
          : row.change
            ? `+${row.change.put} −${row.change.deleted}`
            : '—',
    },
    { title: t('version.content'), render: (_, row) => <Hash value={row.content} length={10} /> },
    {
      title: t('pipelines.created'),
      render: (_, row) => (
        <>
          <Time value={row.created_at} />
          <div className="faint">{row.author}</div>
        </>
      ),
    },
    {
      title: '',
      render: (_, row) => (
        <>
          {mayName && <Snapshot place={place} version={row} onDone={() => void refs.refetch()} />}
          {mayGoBack && !row.current && <RollBack place={place} version={row} onDone={() => void query.refetch()} />}
        </>
      ),
    },
  ]
  return (
    <div className="stack">
      <DataTable
        label={t('version.title')}
        query={{ ...query, data: query.data && { items } }}
        columns={columns}
        rowKey={(row) => row.commit}
        extra={<AtTime place={place} />}
        empty={<EmptyState title={t('version.none')} next={t('version.noneNext')} />}
      />
      {items.length > 1 && earlier && later && (
        <Section
          title={t('version.diff')}
          extra={
            <>
              <Select
                value={earlier}
                onChange={(value) => setChosen(([, end]) => [value, end])}
                options={options}
                aria-label={t('version.before')}
                style={{ width: 220 }}
              />
              <span aria-hidden>→</span>
              <Select
                value={later}
                onChange={(value) => setChosen(([start]) => [start, value])}
                options={options}
                aria-label={t('version.after')}
                style={{ width: 220 }}
              />
            </>
          }
        >
          <Diff key={`${earlier} ${later}`} place={place} pair={[earlier, later]} />
        </Section>
      )}
      <Snippet
        sources={[
          {
            label: 'CLI',
            code: `ceyuan data history list ${place.owner}/${place.name}\nceyuan data history diff ${place.owner}/${place.name} <earlier> <later>\nceyuan data history back ${place.owner}/${place.name} <commit> --why WHY\nceyuan data history snapshot ${place.owner}/${place.name} 2026-q1\nceyuan data history at ${place.owner}/${place.name} 2026-01-31T12:00:00Z`,
          },
        ]}
      />
    </div>
  )
}
