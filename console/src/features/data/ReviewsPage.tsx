import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Percent, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'

import { ReviewStatus } from './ReviewStatus'

type Review = Item<'/api/v1/data/reviews'>

const STATES = ['preparing', 'open', 'closing', 'closed', 'failed'] as const

interface Values {
  org_id: string
  dataset: string
  report: string
  title?: string
  documents: number
}

function NewReview({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('data')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const start = async (values: Values) => {
    const { data } = await api.POST('/api/v1/data/reviews', {
      body: { ...values, title: values.title ?? '', needed: 0.96, machine_needed: 0.98 },
    })
    if (data) void navigate(`/data/reviews/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('review.new')}
      note={t('review.newNote')}
      submit={t('review.begin')}
      initial={{ org_id: proposed?.id, report: proposed ? `${proposed.name}/review` : '', documents: 4000 }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="dataset" label={t('review.dataset')} rules={[{ required: true }]}>
        <ReferenceInput kind="dataset" />
      </Form.Item>
      <Form.Item name="report" label={t('review.report')} rules={[{ required: true }]}>
        <Input />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="title" label={t('review.name')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="documents" label={t('review.documents')} rules={[{ required: true }]}>
          <InputNumber min={1} max={20000} style={{ width: '100%' }} />
        </Form.Item>
      </div>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const { organisation } = usePreferences()
  const list = useListState(['state'])
  const [open, setOpen] = useState(false)
  const state = STATES.find((each) => each === list.filters.state)
  const query = $api.useQuery(
    'get',
    '/api/v1/data/reviews',
    {
      params: {
        query: {
          state,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 10_000 },
  )
  const columns: Column<Review>[] = [
    {
      title: t('review.name'),
      sort: 'title',
      render: (_, row) => <Link to={`/data/reviews/${row.id}`}>{row.title}</Link>,
    },
    { title: t('review.dataset'), render: (_, row) => <RevisionLink reference={row.dataset} /> },
    { title: t('pipelines.state'), sort: 'state', render: (_, row) => <ReviewStatus state={row.state} /> },
    {
      title: t('review.settled'),
      align: 'right',
      render: (_, row) => (
        <>
          <Count value={row.settled} /> / <Count value={row.documents} />
        </>
      ),
    },
    {
      title: t('review.machine'),
      align: 'right',
      render: (_, row) => (
        <Percent ratio={(row.machine?.rate as { value?: number } | null | undefined)?.value} digits={2} />
      ),
    },
    {
      title: t('review.verdict'),
      render: (_, row) => (row.passed === null ? '—' : t(row.passed ? 'review.passed' : 'review.notPassed')),
    },
    { title: t('pipelines.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('review.new')}
    </Button>
  )
  return (
    <Page title={t('review.title')} description={t('review.description')} actions={button}>
      <DataTable
        label={t('review.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('pipelines.state'),
            options: STATES.map((value) => ({ value, label: t(`review.state.${value}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('review.none')} next={t('review.next')} action={button}>
            <Snippet
              sources={[
                { label: 'CLI', code: 'ceyuan data reviews begin datasets/demo/corpus-zh demo/review --org <org>' },
              ]}
            />
          </EmptyState>
        }
      />
      <NewReview open={open} onClose={() => setOpen(false)} />
    </Page>
  )
}
