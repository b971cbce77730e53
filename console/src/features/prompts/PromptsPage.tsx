import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { VersionFields } from './VersionFields'
import { valuesOf, versionOf, type VersionValues } from './version'

type Prompt = Item<'/api/v1/prompts'>

interface Values extends VersionValues {
  org_id: string
  name: string
  title?: string
}

function NewPrompt({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('prompts')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const create = async ({ org_id, name, title, ...version }: Values) => {
    const { data } = await api.POST('/api/v1/prompts', {
      body: { org_id, name, title: title ?? '', version: versionOf(version) },
    })
    if (data) void navigate(`/models/prompts/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      width={720}
      title={t('new')}
      submit={t('create')}
      initial={{ org_id: proposed?.id, ...valuesOf() }}
      onSubmit={create}
      onClose={onClose}
    >
      <OrganisationField />
      <div className="grid-2">
        <Form.Item
          name="name"
          label={t('name')}
          extra={t('nameNote')}
          rules={[{ required: true, pattern: /^[a-z0-9][a-z0-9._-]{0,79}$/, message: t('nameNote') }]}
        >
          <Input />
        </Form.Item>
        <Form.Item name="title" label={t('shown')}>
          <Input maxLength={200} />
        </Form.Item>
      </div>
      <VersionFields />
    </FormModal>
  )
}

/** Templates that calls name instead of sending their messages. */
export function Component() {
  const { t } = useTranslation('prompts')
  const { organisation } = usePreferences()
  const list = useListState(['text', 'archived'])
  const [open, setOpen] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/prompts',
    {
      params: {
        query: {
          org_id: organisation ?? undefined,
          text: list.filters.text,
          archived: list.filters.archived === 'true',
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Prompt>[] = [
    {
      title: t('name'),
      sort: 'name',
      render: (_, row) => (
        <div>
          <Link to={`/models/prompts/${row.id}`}>{row.title}</Link>
          <div className="faint mono">{row.name}</div>
        </div>
      ),
    },
    {
      title: t('production'),
      render: (_, row) =>
        row.production === null ? (
          <Status value="draft" tone="warn" label={t('unpublished')} />
        ) : (
          <Status value="live" tone="good" label={t('versionOf', { number: row.production })} />
        ),
    },
    { title: t('newest'), render: (_, row) => t('versionOf', { number: row.newest }) },
    { title: t('updated'), sort: 'updated_at', render: (_, row) => <Time value={row.updated_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('new')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'text', label: t('search') },
          { name: 'archived', label: t('archive'), options: [{ value: 'true', label: t('archived') }] },
        ]}
        empty={
          <EmptyState title={t('none')} next={t('next')} action={button}>
            <Snippet
              sources={[{ label: 'CLI', code: 'ceyuan prompts create summary prompt.txt --org <org> --publish' }]}
            />
          </EmptyState>
        }
      />
      <NewPrompt open={open} onClose={() => setOpen(false)} />
    </Page>
  )
}
