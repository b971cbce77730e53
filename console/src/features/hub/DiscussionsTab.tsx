import { BranchesOutlined, MessageOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Pagination, Radio, Segmented, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { useSession } from '@/app/session'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Status } from '@/ui/Status'

import { DiscussionThread } from './DiscussionThread'
import styles from './Discussions.module.css'
import { pathOf, type Place } from './RepositoryPage'

type Discussion = Item<'/api/v1/repositories/{kind}/{owner}/{name}/discussions'>

interface Values {
  title: string
  text?: string
  form: 'discussion' | 'pull'
  base?: string
  source?: string
}

export const TONES = { open: 'good', draft: 'active', merged: 'active', closed: 'neutral' } as const
const PAGE = 20

function Branches({ place, main }: { place: Place; main: string }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/refs', {
    params: { path: pathOf(place) },
  })
  const options = (data ?? []).filter((ref) => ref.kind === 'branch').map(({ name }) => ({ value: name, label: name }))
  return (
    <>
      <Form.Item name="source" label={t('talk.source')} extra={t('talk.sourceNote')}>
        <Select allowClear options={options} />
      </Form.Item>
      <Form.Item name="base" label={t('talk.base')} initialValue={main}>
        <Select options={options} />
      </Form.Item>
    </>
  )
}

function NewDiscussion({
  place,
  main,
  open,
  onClose,
  onMade,
}: {
  place: Place
  main: string
  open: boolean
  onClose: () => void
  onMade: (number: number) => void
}) {
  const { t } = useTranslation('hub')
  const make = async ({ title, text, form, base, source }: Values) => {
    const { data } = await api.POST('/api/v1/repositories/{kind}/{owner}/{name}/discussions', {
      params: { path: pathOf(place) },
      body: {
        title,
        text: text ?? '',
        pull_request: form === 'pull',
        base: form === 'pull' ? (base ?? null) : null,
        source: form === 'pull' ? (source ?? null) : null,
      },
    })
    if (data) onMade(data.number)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('talk.new')}
      submit={t('talk.submit')}
      width={640}
      initial={{ form: 'discussion' }}
      onSubmit={make}
      onClose={onClose}
    >
      <Form.Item name="form">
        <Radio.Group
          optionType="button"
          options={[
            { value: 'discussion', label: t('talk.discussion') },
            { value: 'pull', label: t('talk.pull') },
          ]}
        />
      </Form.Item>
      <Form.Item name="title" label={t('talk.title')} rules={[{ required: true, min: 3, max: 200 }]}>
        <Input autoFocus maxLength={200} />
      </Form.Item>
      <Form.Item name="text" label={t('talk.text')}>
        <Input.TextArea maxLength={65_536} autoSize={{ minRows: 4, maxRows: 14 }} />
      </Form.Item>
      <Form.Item noStyle shouldUpdate={(before: Values, now: Values) => before.form !== now.form}>
        {({ getFieldValue }) => getFieldValue('form') === 'pull' && <Branches place={place} main={main} />}
      </Form.Item>
    </FormModal>
  )
}

function Row({ talk, onOpen }: { talk: Discussion; onOpen: () => void }) {
  const { t } = useTranslation('hub')
  return (
    <li className={styles.row}>
      <button type="button" onClick={onOpen}>
        {talk.pull_request ? <BranchesOutlined className="faint" /> : <MessageOutlined className="faint" />}
        <span className={styles.title}>{talk.title}</span>
        <span className="faint num">#{talk.number}</span>
      </button>
      <Status value={talk.status} tone={TONES[talk.status]} label={t(`talk.status.${talk.status}`)} />
      <span className="faint">{talk.author}</span>
      <span className="faint">
        <Time value={talk.updated_at} />
      </span>
    </li>
  )
}

function useOpenNumber() {
  const [params, setParams] = useSearchParams()
  const number = Number(params.get('number') ?? 0)
  const open = (next: number | null) =>
    setParams((current) => {
      const changed = new URLSearchParams(current)
      if (next === null) changed.delete('number')
      else changed.set('number', String(next))
      return changed
    })
  return [Number.isSafeInteger(number) && number > 0 ? number : null, open] as const
}

/** Discussions and pull requests of a repository; the open one is in the address. */
export function DiscussionsTab({ place, main }: { place: Place; main: string }) {
  const { t } = useTranslation('hub')
  const [number, open] = useOpenNumber()
  const [status, setStatus] = useState<'open' | 'closed' | 'all'>('open')
  const [type, setType] = useState<'all' | 'discussion' | 'pull_request'>('all')
  const [page, setPage] = useState(0)
  const [making, setMaking] = useState(false)
  const session = useSession()
  const query = $api.useQuery(
    'get',
    '/api/v1/repositories/{kind}/{owner}/{name}/discussions',
    { params: { path: pathOf(place), query: { status, type, page, limit: PAGE } } },
    { enabled: number === null, placeholderData: (held) => held },
  )
  if (number !== null) return <DiscussionThread place={place} number={number} onBack={() => open(null)} />
  const rows = query.data?.items ?? []
  const begin = session.organisations.length > 0 && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t('talk.new')}
    </Button>
  )
  return (
    <div className="stack">
      <div className="row between">
        <div className="row">
          <Segmented
            value={status}
            onChange={(value) => {
              setStatus(value)
              setPage(0)
            }}
            options={(['open', 'closed', 'all'] as const).map((value) => ({ value, label: t(`talk.show.${value}`) }))}
          />
          <Segmented
            value={type}
            onChange={(value) => {
              setType(value)
              setPage(0)
            }}
            options={(['all', 'discussion', 'pull_request'] as const).map((value) => ({
              value,
              label: t(`talk.type.${value}`),
            }))}
          />
        </div>
        {begin}
      </div>
      {query.error !== null && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rows.length === 0 ? (
        <EmptyState title={t('talk.none')} next={t('talk.next')} />
      ) : (
        <ul className={styles.list} aria-busy={query.isFetching}>
          {rows.map((talk) => (
            <Row key={talk.number} talk={talk} onOpen={() => open(talk.number)} />
          ))}
        </ul>
      )}
      {query.data && query.data.total > PAGE && (
        <Pagination
          current={page + 1}
          pageSize={PAGE}
          total={query.data.total}
          showSizeChanger={false}
          onChange={(next) => setPage(next - 1)}
        />
      )}
      <NewDiscussion place={place} main={main} open={making} onClose={() => setMaking(false)} onMade={open} />
    </div>
  )
}
