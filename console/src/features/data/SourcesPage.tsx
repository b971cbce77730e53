import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Bytes, Count, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'

import { useNames } from './names'

type Source = Item<'/api/v1/data/sources'>
type Options = NonNullable<Source['options']>

interface Values {
  org_id: string
  key: string
  kind: Source['kind']
  location: string
  title?: string
  licence?: string
  origin?: string
  evidence?: string
  domain?: string
  options?: Partial<Options>
  secret?: string
}

const KINDS = ['package', 'folder', 'dataset', 'web', 'sitemap', 'rss', 'listing', 's3', 'hub', 'sql'] as const
const LOCATIONS = {
  package: 'sources.corpus',
  folder: 'sources.folder',
  dataset: 'sources.dataset',
  web: 'sources.web',
  sitemap: 'sources.list',
  rss: 'sources.list',
  listing: 'sources.list',
  s3: 'sources.bucket',
  hub: 'sources.repository',
  sql: 'sources.database',
} as const
const OPTIONS: Partial<Record<Source['kind'], (keyof Options)[]>> = {
  s3: ['endpoint', 'region', 'access_key'],
  hub: ['endpoint', 'revision'],
  sql: ['key', 'watermark'],
}
const NO_OPTIONS: Options = {
  endpoint: '',
  region: '',
  access_key: '',
  revision: '',
  query: '',
  key: '',
  watermark: '',
}

/** How a bucket, a hub or a database is reached; the secret is sealed and never shown again. */
function Reach() {
  const { t } = useTranslation('data')
  const kind = Form.useWatch<Values['kind'] | undefined>('kind')
  const names = kind ? OPTIONS[kind] : undefined
  if (!names) return null
  return (
    <>
      {kind === 'sql' && (
        <Form.Item name={['options', 'query']} label={t('option.query')} rules={[{ required: true }]}>
          <Input.TextArea maxLength={10000} autoSize={{ minRows: 3 }} className="mono" />
        </Form.Item>
      )}
      <div className="grid-2">
        {names.map((name) => (
          <Form.Item
            key={name}
            name={['options', name]}
            label={t(`option.${name}`)}
            rules={[{ required: name === 'key' }]}
          >
            <Input maxLength={300} />
          </Form.Item>
        ))}
        <Form.Item name="secret" label={t('sources.secret')} extra={t('sources.secretNote')}>
          <Input.Password maxLength={4000} autoComplete="new-password" />
        </Form.Item>
      </div>
    </>
  )
}

function Location() {
  const { t } = useTranslation('data')
  const text = useBilingual()
  const kind = Form.useWatch<Values['kind']>('kind')
  const { data } = $api.useQuery('get', '/api/v1/data/sources/registered', {}, { staleTime: Infinity, retry: false })
  if (kind === 'package') {
    return (
      <Form.Item name="location" label={t('sources.corpus')} rules={[{ required: true }]}>
        <Select
          options={(data ?? []).map((corpus) => ({
            value: corpus.key,
            label: (
              <>
                {text(corpus, 'title')} · {corpus.licence} · <Bytes value={corpus.download_bytes} />
              </>
            ),
          }))}
        />
      </Form.Item>
    )
  }
  return (
    <Form.Item
      name="location"
      label={t(LOCATIONS[kind ?? 'folder'])}
      extra={kind === 'folder' ? t('sources.folderNote') : kind === 'web' ? t('sources.webNote') : undefined}
      rules={[{ required: true }]}
    >
      {kind === 'dataset' ? <ReferenceInput kind="dataset" /> : <Input maxLength={1000} />}
    </Form.Item>
  )
}

/** Which thresholds its documents are cut by. */
function Domain() {
  const { t } = useTranslation('data')
  const { parts, side } = useNames()
  const kind = Form.useWatch<Values['kind'] | undefined>('kind')
  if (kind === 'package') return null
  return (
    <Form.Item name="domain" label={t('sources.domain')} extra={t('sources.domainNote')}>
      <Select
        allowClear
        options={Object.entries(parts?.domains ?? {}).map(([value, words]) => ({ value, label: words[side] }))}
      />
    </Form.Item>
  )
}

function Register({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: () => unknown }) {
  const { t } = useTranslation('data')
  const { proposed } = useWorkplaces()
  const register = async (values: Values) => {
    await api.POST('/api/v1/data/sources', {
      body: {
        ...values,
        title: values.title ?? '',
        licence: values.licence ?? '',
        origin: values.origin ?? '',
        evidence: values.evidence ?? '',
        description: '',
        domain: values.domain ?? '',
        options: { ...NO_OPTIONS, ...values.options },
        secret: values.secret ?? null,
        reading: { text_field: '', title_field: '', id_field: '', limit: 0, required: true },
      },
    })
    await onMade()
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('sources.new')}
      submit={t('sources.new')}
      initial={{ org_id: proposed?.id, kind: 'package' }}
      onSubmit={register}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="kind" label={t('sources.kind')} rules={[{ required: true }]}>
        <Select options={KINDS.map((value) => ({ value, label: t(`kind.${value}`) }))} />
      </Form.Item>
      <Location />
      <Reach />
      <Form.Item name="key" label={t('sources.key')} extra={t('sources.keyNote')} rules={[{ required: true }]}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="title" label={t('sources.name')}>
        <Input maxLength={200} />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="licence" label={t('sources.licence')}>
          <Input maxLength={120} placeholder="MIT" />
        </Form.Item>
        <Form.Item name="origin" label={t('sources.origin')}>
          <Input maxLength={500} />
        </Form.Item>
      </div>
      <Domain />
      <Form.Item name="evidence" label={t('sources.evidence')} extra={t('sources.evidenceNote')}>
        <Input.TextArea maxLength={4000} autoSize={{ minRows: 2 }} />
      </Form.Item>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const { organisation } = usePreferences()
  const list = useListState(['text', 'kind'])
  const [open, setOpen] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/data/sources',
    {
      params: {
        query: {
          text: list.filters.text,
          kind: list.filters.kind as Source['kind'] | undefined,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 30,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Source>[] = [
    {
      title: t('sources.name'),
      sort: 'key',
      render: (_, row) => (
        <div>
          <Link to={`/data/sources/${row.id}`}>{row.title || row.key}</Link>
          <div className="faint mono">{row.key}</div>
        </div>
      ),
    },
    { title: t('sources.kind'), render: (_, row) => t(`kind.${row.kind}`) },
    { title: t('sources.licence'), dataIndex: 'licence' },
    {
      title: t('sources.documents'),
      sort: 'documents',
      align: 'right',
      render: (_, row) => <Count value={row.documents} />,
    },
    { title: t('sources.rejected'), align: 'right', render: (_, row) => <Count value={row.rejected} /> },
    { title: t('sources.collected'), render: (_, row) => <Time value={row.collected_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('sources.new')}
    </Button>
  )
  return (
    <Page title={t('sources.title')} description={t('sources.description')} actions={button}>
      <DataTable
        label={t('sources.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'text', label: t('sources.search') },
          {
            name: 'kind',
            label: t('sources.kind'),
            options: KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
          },
        ]}
        empty={<EmptyState title={t('sources.none')} next={t('sources.next')} action={button} />}
      />
      <Register open={open} onClose={() => setOpen(false)} onMade={() => query.refetch()} />
    </Page>
  )
}
