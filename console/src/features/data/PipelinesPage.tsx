import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { JobProgress } from '@/features/jobs/JobProgress'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Elapsed, Money, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { useNames } from './names'

type Job = Item<'/api/v1/jobs'>

const KINDS = ['data.corpus', 'data.pipeline', 'data.collect'] as const

const runPath = (kind: string, id: string) => (kind === 'data.collect' ? `/jobs/${id}` : `/data/pipelines/${id}`)

interface Values {
  org_id: string
  sources: string[]
  dataset: string
  zh?: string
  en?: string
  media: 'text' | 'images' | 'speech' | 'video'
  operators?: string[]
  recipe?: string
}

/** Operators of every run, whatever the recipe says. */
const USUAL = new Set(['normalise', 'composition', 'repetition'])

function recipeOf({ media, operators, recipe }: Pick<Values, 'media' | 'operators' | 'recipe'>) {
  const written = recipe?.trim() ? (JSON.parse(recipe) as Record<string, unknown>) : {}
  const steps = [...((written.steps as unknown[] | undefined) ?? [])]
  if (media !== 'text') return { ...written, media }
  return { ...written, steps: [...steps, ...(operators ?? []).map((operator) => ({ operator }))] }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** What is done with the documents beyond the usual. */
function RecipeFields() {
  const { t } = useTranslation('data')
  const { parts, side } = useNames()
  const media = Form.useWatch<Values['media'] | undefined>('media')
  const operators = (parts?.operators ?? []) as { name: string; title: string[]; kind: string; schema: object }[]
  const offered = operators.filter((one) => !USUAL.has(one.name) && !('required' in one.schema))
  return (
    <>
      <Form.Item name="media" label={t('pipelines.media')} rules={[{ required: true }]}>
        <Select
          options={(['text', 'images', 'speech', 'video'] as const).map((value) => ({
            value,
            label: t(`pipelines.mediaKind.${value}`),
          }))}
        />
      </Form.Item>
      {media === 'text' && (
        <Form.Item name="operators" label={t('pipelines.operators')} extra={t('pipelines.operatorsNote')}>
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: 'search' }}
            options={(['map', 'stat'] as const).map((kind) => ({
              label: t(`pipelines.operatorKind.${kind}`),
              options: offered
                .filter((one) => one.kind === kind)
                .map((one) => ({
                  value: one.name,
                  label: one.title[side],
                  search: `${one.name} ${one.title.join(' ')}`,
                })),
            }))}
          />
        </Form.Item>
      )}
      <Form.Item
        name="recipe"
        label={t('pipelines.recipe')}
        extra={t('pipelines.recipeNote')}
        rules={[
          {
            validator: (_, value: string | undefined) =>
              !value?.trim() || isObject(value)
                ? Promise.resolve()
                : Promise.reject(new Error(t('pipelines.noObject'))),
          },
        ]}
      >
        <Input.TextArea
          maxLength={50_000}
          autoSize={{ minRows: 2, maxRows: 14 }}
          className="mono"
          placeholder='{"thresholds": {"law": {"too_short": {"at_least": 20}}}}'
        />
      </Form.Item>
    </>
  )
}

function NewCorpus({ open, source, onClose }: { open: boolean; source: string | null; onClose: () => void }) {
  const { t } = useTranslation('data')
  const navigate = useNavigate()
  const { proposed } = useWorkplaces()
  const { data: sources } = $api.useQuery(
    'get',
    '/api/v1/data/sources',
    { params: { query: { limit: 200 } } },
    { enabled: open },
  )
  const start = async ({ zh, en, media, operators, recipe, ...values }: Values) => {
    const { data } = await api.POST('/api/v1/data/corpora', {
      body: {
        ...values,
        raw_dataset: null,
        visibility: 'private',
        recipe: recipeOf({ media, operators, recipe }),
        full: false,
        title: { zh: zh || values.dataset, en: en || values.dataset },
      },
    })
    if (data) void navigate(`/data/pipelines/${data.job_id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('pipelines.new')}
      note={t('pipelines.newNote')}
      submit={t('pipelines.start')}
      initial={{
        org_id: proposed?.id,
        dataset: proposed ? `${proposed.name}/corpus-zh` : '',
        media: 'text',
        sources: source ? [source] : [],
      }}
      onSubmit={start}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="sources" label={t('sources.title')} rules={[{ required: true }]}>
        <Select
          mode="multiple"
          optionFilterProp="label"
          options={(sources?.items ?? []).map((source) => ({ value: source.id, label: source.title || source.key }))}
        />
      </Form.Item>
      <Form.Item name="dataset" label={t('pipelines.dataset')} rules={[{ required: true }]}>
        <ReferenceInput kind="dataset" plain />
      </Form.Item>
      <div className="grid-2">
        <Form.Item name="zh" label={t('pipelines.titleZh')}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="en" label={t('pipelines.titleEn')}>
          <Input maxLength={200} />
        </Form.Item>
      </div>
      <RecipeFields />
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('data')
  const text = useBilingual()
  const { organisation } = usePreferences()
  const list = useListState(['kind'])
  const source = useSearchParams()[0].get('source')
  const [open, setOpen] = useState(source !== null)
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
    { title: t('pipelines.run'), render: (_, job) => <Link to={runPath(job.kind, job.id)}>{text(job, 'title')}</Link> },
    { title: t('pipelines.state'), sort: 'state', render: (_, job) => <Status value={job.state} /> },
    { title: t('pipelines.progress'), width: 190, render: (_, job) => <JobProgress job={job} compact /> },
    { title: t('pipelines.elapsed'), render: (_, job) => <Elapsed start={job.started_at} end={job.finished_at} /> },
    { title: t('pipelines.cost'), align: 'right', render: (_, job) => <Money micro={job.cost_micro} /> },
    { title: t('pipelines.created'), sort: 'created_at', render: (_, job) => <Time value={job.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
      {t('pipelines.new')}
    </Button>
  )
  return (
    <Page title={t('pipelines.title')} description={t('pipelines.description')} actions={button}>
      <DataTable
        label={t('pipelines.title')}
        query={query}
        columns={columns}
        rowKey={(job) => job.id}
        list={list}
        filters={[
          {
            name: 'kind',
            label: t('pipelines.kind'),
            options: KINDS.map((value) => ({ value, label: t(`pipelineKind.${value.slice(5)}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('pipelines.none')} next={t('pipelines.next')} action={button}>
            <Snippet
              sources={[{ label: 'CLI', code: 'ceyuan data local ./texts ./corpus\nceyuan data sources registered' }]}
            />
          </EmptyState>
        }
      />
      <NewCorpus open={open} source={source} onClose={() => setOpen(false)} />
    </Page>
  )
}
