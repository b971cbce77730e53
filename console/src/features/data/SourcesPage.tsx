import { PlusOutlined } from '@ant-design/icons'
import { AutoComplete, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
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

import {
  Domain,
  GRADES,
  isRegistered,
  KnownBy,
  Licence,
  NO_OPTIONS,
  Optional,
  Reach,
  Rights,
  UNSTATED,
  type Identity,
  type Options,
  type Source,
  VectorField,
} from './SourceFields'

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
  owner?: string
  grade?: Source['grade']
  optional?: boolean
  vector_field?: string
  identity?: Identity
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
function Location() {
  const { t } = useTranslation('data')
  const text = useBilingual()
  const kind = Form.useWatch<Values['kind']>('kind')
  const { data } = $api.useQuery('get', '/api/v1/data/sources/registered', {}, { staleTime: Infinity, retry: false })
  if (kind === 'package') {
    return (
      <Form.Item
        name="location"
        label={t('sources.corpus')}
        extra={t('sources.packageNote')}
        rules={[{ required: true }]}
      >
        <AutoComplete
          placeholder="pkg:npm/…@…"
          filterOption={(typed, corpus) => String(corpus?.value).includes(typed)}
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

/** What depends on where the source lies. */
function ByKind() {
  const kind = Form.useWatch<Values['kind'] | undefined>('kind')
  const location = Form.useWatch<string | undefined>('location')
  return (
    <>
      <Reach kind={kind} location={location} />
      {kind && !isRegistered({ kind, location: location ?? '' }) && (
        <>
          <Licence />
          <Domain />
          <VectorField kind={kind} />
          <KnownBy kind={kind} />
          <Optional />
        </>
      )}
    </>
  )
}

function Register({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: () => unknown }) {
  const { t } = useTranslation('data')
  const { proposed } = useWorkplaces()
  const register = async ({ optional = false, vector_field = '', identity = '', ...values }: Values) => {
    await api.POST('/api/v1/data/sources', {
      body: {
        ...values,
        title: values.title ?? '',
        licence: values.licence ?? '',
        origin: values.origin ?? '',
        evidence: values.evidence ?? '',
        owner: values.owner ?? '',
        grade: values.grade ?? '',
        description: '',
        domain: values.domain ?? '',
        options: { ...NO_OPTIONS, ...values.options },
        secret: values.secret ?? null,
        reading: {
          ...{ text_field: '', title_field: '', id_field: '', vector_field, identity },
          ...{ limit: 0, required: !optional },
        },
      },
    })
    await onMade()
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('sources.new')}
      submit={t('sources.new')}
      initial={{ org_id: proposed?.id, kind: 'package', grade: '' }}
      onSubmit={register}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="kind" label={t('sources.kind')} rules={[{ required: true }]}>
        <Select options={KINDS.map((value) => ({ value, label: t(`kind.${value}`) }))} />
      </Form.Item>
      <Location />
      <Form.Item name="key" label={t('sources.key')} extra={t('sources.keyNote')} rules={[{ required: true }]}>
        <Input maxLength={64} />
      </Form.Item>
      <Form.Item name="title" label={t('sources.name')}>
        <Input maxLength={200} />
      </Form.Item>
      <ByKind />
      <Rights />
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const { t: hub } = useTranslation('hub')
  const { organisation } = usePreferences()
  const list = useListState(['text', 'kind', 'grade'])
  const [open, setOpen] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/data/sources',
    {
      params: {
        query: {
          text: list.filters.text,
          kind: list.filters.kind as Source['kind'] | undefined,
          grade: GRADES.find((grade) => grade === list.filters.grade),
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
    {
      title: t('sources.licence'),
      render: (_, row) => (row.licence === UNSTATED ? t('sources.unstated') : row.licence),
    },
    {
      title: hub('facet.grade'),
      render: (_, row) => (row.grade ? hub(`grade.${row.grade}`) : <span className="faint">—</span>),
    },
    { title: t('sources.owner'), dataIndex: 'owner' },
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
          {
            name: 'grade',
            label: hub('facet.grade'),
            options: GRADES.map((value) => ({ value, label: hub(`grade.${value}`) })),
          },
        ]}
        empty={<EmptyState title={t('sources.none')} next={t('sources.next')} action={button} />}
      />
      <Register open={open} onClose={() => setOpen(false)} onMade={() => query.refetch()} />
    </Page>
  )
}
