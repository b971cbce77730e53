import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Percent } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { ReferenceInput } from '@/ui/ReferenceInput'
import { RevisionLink } from '@/ui/RevisionLink'
import { useServedModels } from '@/ui/ServedModels'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import styles from './Law.module.css'

export type Assistant = Item<'/api/v1/law/assistants'>

interface Values {
  org_id: string
  name: string
  dataset: string
  model?: string
  is_public: boolean
  feedback?: string
}

const ratio = (quality: Record<string, unknown> | null, name: string): number | null => {
  const value = quality?.[name]
  return typeof value === 'number' ? value : null
}

function AssistantCard({ assistant }: { assistant: Assistant }) {
  const { t } = useTranslation('law')
  const recall = ratio(assistant.quality, 'recall_at_5')
  return (
    <article className={styles.card}>
      <div className="row between">
        <Link to={`/scenarios/law/${assistant.id}`} className={styles.cardTitle}>
          {assistant.name}
        </Link>
        <Status
          value={assistant.state}
          tone={assistant.state === 'ready' ? 'good' : undefined}
          label={t(`state.${assistant.state}`, { defaultValue: assistant.state })}
        />
      </div>
      <p className="soft">
        <Count value={assistant.laws} /> {t('laws')} · <Count value={assistant.articles} /> {t('articles')}
        {recall !== null && (
          <>
            {' '}
            · recall@5 <Percent ratio={recall} />
          </>
        )}
      </p>
      <p className="faint">
        {assistant.dataset && (
          <>
            <RevisionLink reference={assistant.dataset} /> ·{' '}
          </>
        )}
        {assistant.model ?? t('extractOnly')}
      </p>
      <Link to={`/scenarios/law/${assistant.id}`}>
        <Button type="primary" disabled={assistant.state !== 'ready'} tabIndex={-1}>
          {t('ask')}
        </Button>
      </Link>
    </article>
  )
}

function NewAssistant({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: () => unknown }) {
  const { t } = useTranslation('law')
  const { proposed } = useWorkplaces()
  const served = useServedModels()
  const create = async (values: Values) => {
    await api.POST('/api/v1/law/assistants', {
      body: { ...values, model: values.model ?? null, feedback: values.feedback || null },
    })
    await onMade()
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('new.title')}
      submit={t('new.submit')}
      initial={{ org_id: proposed?.id, is_public: false, name: t('new.proposed') }}
      onSubmit={create}
      onClose={onClose}
    >
      <OrganisationField />
      <Form.Item name="name" label={t('new.name')} rules={[{ required: true }]}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="dataset" label={t('new.dataset')} extra={t('new.datasetNote')} rules={[{ required: true }]}>
        <ReferenceInput kind="dataset" />
      </Form.Item>
      <Form.Item name="model" label={t('new.model')} extra={t('new.modelNote')}>
        <Select allowClear options={(served.data ?? []).map((name) => ({ value: name, label: name }))} />
      </Form.Item>
      <Form.Item name="feedback" label={t('new.feedback')}>
        <ReferenceInput kind="dataset" plain />
      </Form.Item>
      <Form.Item name="is_public" label={t('new.public')} valuePropName="checked">
        <Switch />
      </Form.Item>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('law')
  const [creating, setCreating] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/law/assistants',
    { params: { query: { limit: 50 } } },
    { refetchInterval: 10_000 },
  )
  const rows = query.data?.items ?? []
  const button = (
    <Button icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {t('new.title')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      {query.error !== null && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && rows.length === 0 && (
        <EmptyState title={t('empty.title')} next={t('empty.next')} action={button}>
          <Snippet sources={[{ label: 'CLI', code: 'ceyuan loop run' }]} />
        </EmptyState>
      )}
      <div className={styles.cards}>
        {rows.map((assistant) => (
          <AssistantCard key={assistant.id} assistant={assistant} />
        ))}
      </div>
      <NewAssistant open={creating} onClose={() => setCreating(false)} onMade={() => query.refetch()} />
    </Page>
  )
}
