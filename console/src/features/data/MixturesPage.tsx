import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select, Space, Switch, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Element, Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { JobProgress } from '@/features/jobs/JobProgress'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count, Money, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page, Section } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { VisibilityField } from './VisibilityField'

type Job = Item<'/api/v1/jobs'>
type Benchmark = Element<'/api/v1/data/benchmarks'>

const UNITS = ['characters', 'tokens', 'bytes'] as const
const FORMS = ['jsonl', 'parquet', 'webdataset', 'packed'] as const
const KINDS = ['data.mix', 'data.export'] as const

interface MixValues {
  org_id: string
  parts: { dataset: string; weight: number; epochs: number }[]
  dataset: string
  budget: number
  unit: (typeof UNITS)[number]
  tokeniser?: string
  heldout: number
  seed: number
  visibility: 'private' | 'internal' | 'public'
  decontaminate: boolean
  ngram?: number
  benchmarks?: string[]
}

/** What is kept out so that a benchmark still measures what the model can do. */
function DecontaminationFields() {
  const { t } = useTranslation('data')
  const on = Form.useWatch<boolean | undefined>('decontaminate')
  return (
    <>
      <Form.Item name="decontaminate" label={t('mix.decontaminate')} valuePropName="checked">
        <Switch />
      </Form.Item>
      {on && (
        <div className="grid-2">
          <Form.Item name="ngram" label={t('mix.ngram')} extra={t('mix.ngramNote')} rules={[{ required: true }]}>
            <InputNumber min={8} max={200} precision={0} style={{ width: '100%' }} />
          </Form.Item>
          <Form.Item name="benchmarks" label={t('mix.ownBenchmarks')} extra={t('mix.ownBenchmarksNote')}>
            <Select mode="tags" tokenSeparators={[' ', ',']} placeholder="datasets/owner/name" open={false} />
          </Form.Item>
        </div>
      )}
    </>
  )
}

function NewMixture({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('data')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const start = async (values: MixValues) => {
    const { data } = await api.POST('/api/v1/data/mixtures', {
      body: {
        ...values,
        tokeniser: values.tokeniser || null,
        benchmarks: values.benchmarks ?? [],
        ngram: values.ngram ?? 24,
        title: { zh: values.dataset, en: values.dataset },
      },
    })
    if (data) void navigate(`/jobs/${data.job_id}`)
  }
  return (
    <FormModal<MixValues>
      open={open}
      title={t('mix.new')}
      width={640}
      note={t('mix.newNote')}
      submit={t('pipelines.start')}
      initial={{
        org_id: proposed?.id,
        dataset: proposed ? `${proposed.name}/mixture` : '',
        parts: [{ dataset: '', weight: 1, epochs: 1 }],
        budget: 0,
        unit: 'characters',
        heldout: 0.01,
        seed: 0,
        visibility: 'private',
        decontaminate: true,
        ngram: 24,
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.List name="parts">
        {(fields, { add, remove }) => (
          <Form.Item label={t('mix.parts')} required>
            {fields.map((field) => (
              <Space key={field.key} align="baseline" wrap>
                <Form.Item name={[field.name, 'dataset']} rules={[{ required: true }]}>
                  <ReferenceInput kind="dataset" />
                </Form.Item>
                <Form.Item name={[field.name, 'weight']} rules={[{ required: true }]}>
                  <InputNumber min={0.001} max={1000} prefix={t('mix.weight')} aria-label={t('mix.weight')} />
                </Form.Item>
                <Form.Item name={[field.name, 'epochs']} rules={[{ required: true }]}>
                  <InputNumber min={1} max={16} prefix={t('mix.epochs')} aria-label={t('mix.epochs')} />
                </Form.Item>
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={t('mix.remove')}
                  disabled={fields.length === 1}
                  onClick={() => remove(field.name)}
                />
              </Space>
            ))}
            <Button icon={<PlusOutlined />} onClick={() => add({ dataset: '', weight: 1, epochs: 1 })}>
              {t('mix.add')}
            </Button>
          </Form.Item>
        )}
      </Form.List>
      <div className="grid-2">
        <Form.Item name="budget" label={t('mix.budget')} extra={t('mix.budgetNote')} rules={[{ required: true }]}>
          <InputNumber min={0} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="unit" label={t('mix.unit')} rules={[{ required: true }]}>
          <Select options={UNITS.map((value) => ({ value, label: t(`mix.units.${value}`) }))} />
        </Form.Item>
        <Form.Item noStyle dependencies={['unit']}>
          {({ getFieldValue }) =>
            getFieldValue('unit') === 'tokens' && (
              <Form.Item name="tokeniser" label={t('mix.tokeniser')} rules={[{ required: true }]}>
                <ReferenceInput kind="model" />
              </Form.Item>
            )
          }
        </Form.Item>
        <Form.Item name="heldout" label={t('mix.heldout')} rules={[{ required: true }]}>
          <InputNumber min={0} max={0.9} step={0.01} style={{ width: '100%' }} />
        </Form.Item>
        <Form.Item name="seed" label={t('mix.seed')} rules={[{ required: true }]}>
          <InputNumber style={{ width: '100%' }} />
        </Form.Item>
      </div>
      <DecontaminationFields />
      <div className="grid-2">
        <Form.Item name="dataset" label={t('pipelines.dataset')} rules={[{ required: true }]}>
          <Input />
        </Form.Item>
        <VisibilityField />
      </div>
    </FormModal>
  )
}

interface ExportValues {
  org_id: string
  dataset: string
  form: (typeof FORMS)[number]
  tokeniser?: string
  length?: number
  target: string
  visibility: 'private' | 'internal' | 'public'
}

function NewExport({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('data')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const start = async (values: ExportValues) => {
    const { data } = await api.POST('/api/v1/data/exports', {
      body: { length: 4096, ...values },
    })
    if (data) void navigate(`/jobs/${data.job_id}`)
  }
  return (
    <FormModal<ExportValues>
      open={open}
      title={t('mix.export')}
      submit={t('pipelines.start')}
      initial={{
        org_id: proposed?.id,
        form: 'jsonl',
        length: 4096,
        target: proposed ? `${proposed.name}/export` : '',
        visibility: 'private',
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="dataset" label={t('review.dataset')} rules={[{ required: true }]}>
        <ReferenceInput kind="dataset" />
      </Form.Item>
      <Form.Item name="form" label={t('mix.form')} rules={[{ required: true }]}>
        <Select options={FORMS.map((value) => ({ value, label: t(`mix.forms.${value}`) }))} />
      </Form.Item>
      <Form.Item noStyle dependencies={['form']}>
        {({ getFieldValue }) =>
          getFieldValue('form') === 'packed' && (
            <>
              <Form.Item name="tokeniser" label={t('mix.tokeniser')} rules={[{ required: true }]}>
                <ReferenceInput kind="model" />
              </Form.Item>
              <Form.Item name="length" label={t('mix.length')} rules={[{ required: true }]}>
                <InputNumber min={16} max={1_048_576} style={{ width: '100%' }} />
              </Form.Item>
            </>
          )
        }
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="target" label={t('pipelines.dataset')} rules={[{ required: true }]}>
          <Input />
        </Form.Item>
        <VisibilityField />
      </div>
    </FormModal>
  )
}

function Benchmarks() {
  const { t } = useTranslation('data')
  const text = useBilingual()
  const query = $api.useQuery('get', '/api/v1/data/benchmarks')
  return (
    <Section title={t('mix.benchmarks')} note={t('mix.benchmarksNote')} flush>
      <Table<Benchmark>
        size="small"
        pagination={{ pageSize: 10, hideOnSinglePage: true }}
        rowKey="name"
        dataSource={query.data ?? []}
        locale={{ emptyText: t('mix.noBenchmarks') }}
        columns={[
          { title: t('review.name'), render: (_, row) => text(row, 'title') },
          { title: t('mix.items'), align: 'right', render: (_, row) => <Count value={row.items} /> },
        ]}
      />
    </Section>
  )
}

/** Corpora become training data: mixtures, exports, and the benchmarks that are kept out. */
export function Component() {
  const { t } = useTranslation('data')
  const text = useBilingual()
  const { organisation } = usePreferences()
  const list = useListState(['kind'])
  const [open, setOpen] = useState<'mix' | 'export' | null>(null)
  const query = $api.useQuery(
    'get',
    '/api/v1/jobs',
    {
      params: {
        query: {
          kind: list.filters.kind ? [list.filters.kind] : [...KINDS],
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held, refetchInterval: 5000 },
  )
  const columns: Column<Job>[] = [
    { title: t('pipelines.run'), render: (_, job) => <Link to={`/jobs/${job.id}`}>{text(job, 'title')}</Link> },
    { title: t('pipelines.state'), sort: 'state', render: (_, job) => <Status value={job.state} /> },
    { title: t('pipelines.progress'), width: 190, render: (_, job) => <JobProgress job={job} compact /> },
    { title: t('pipelines.cost'), align: 'right', render: (_, job) => <Money micro={job.cost_micro} /> },
    { title: t('pipelines.created'), sort: 'created_at', render: (_, job) => <Time value={job.created_at} /> },
  ]
  const buttons = (
    <>
      <Button onClick={() => setOpen('export')}>{t('mix.export')}</Button>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen('mix')}>
        {t('mix.new')}
      </Button>
    </>
  )
  return (
    <Page title={t('mix.title')} description={t('mix.description')} actions={buttons}>
      <DataTable
        label={t('mix.title')}
        query={query}
        columns={columns}
        rowKey={(job) => job.id}
        list={list}
        filters={[
          {
            name: 'kind',
            label: t('pipelines.kind'),
            options: KINDS.map((value) => ({ value, label: t(`mix.kind.${value.slice(5)}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('mix.none')} next={t('mix.next')} action={buttons}>
            <Snippet
              sources={[
                {
                  label: 'CLI',
                  code: 'ceyuan data use mix demo/mixture --part datasets/demo/law=3 --part datasets/demo/news=1 --org <org>\nceyuan data use export datasets/demo/mixture demo/mixture-jsonl --org <org>',
                },
              ]}
            />
          </EmptyState>
        }
      />
      <Benchmarks />
      <NewMixture open={open === 'mix'} onClose={() => setOpen(null)} />
      <NewExport open={open === 'export'} onClose={() => setOpen(null)} />
    </Page>
  )
}
