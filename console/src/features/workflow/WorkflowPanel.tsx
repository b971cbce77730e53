import { Button, Timeline, Tooltip } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useBilingual } from '@/lib/text'
import { ProblemView } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Section } from '@/ui/Page'
import { SchemaFields, schemaValues, type FormSchema } from '@/ui/SchemaForm'
import { WorkflowDiagram } from '@/ui/WorkflowDiagram'

import styles from './Workflow.module.css'

type Instance = Got<'/api/v1/workflows/instances/{instance_id}'>
type Way = Instance['ways'][number]

const BASE = '/api/v1/workflows/instances/{instance_id}'

/** An instance with its diagram and history; `onMoved` tells the page around that a step was taken. */
export function useWorkflow(instanceId: string) {
  const params = { path: { instance_id: instanceId } }
  const enabled = instanceId !== ''
  return {
    instance: $api.useQuery('get', BASE, { params }, { enabled }),
    diagram: $api.useQuery('get', `${BASE}/diagram`, { params }, { enabled, staleTime: Infinity }),
    history: $api.useQuery('get', `${BASE}/history`, { params }, { enabled }),
  }
}

function WayButton({ instance, way, onTaken }: { instance: Instance; way: Way; onTaken: () => Promise<void> }) {
  const { t } = useTranslation('workflow')
  const { language } = usePreferences()
  const text = useBilingual()
  const [open, setOpen] = useState(false)
  const schema = (way.form ?? {}) as FormSchema
  const take = async (values: Record<string, unknown>) => {
    await api.POST(`${BASE}/transitions/{name}`, {
      params: { path: { instance_id: instance.id, name: way.name } },
      body: { form: schemaValues(schema, values), revision: instance.revision },
    })
    await onTaken()
  }
  const reasons = way.reasons.map((reason) => reason[language]).join('；')
  return (
    <>
      <Tooltip title={way.allowed ? '' : reasons}>
        <Button type={way.optional ? 'default' : 'primary'} disabled={!way.allowed} onClick={() => setOpen(true)}>
          {text(way, 'label')}
        </Button>
      </Tooltip>
      <FormModal<Record<string, unknown>>
        open={open}
        title={text(way, 'label')}
        note={way.form ? undefined : t('sure', { step: text(way, 'label') })}
        submit={text(way, 'label')}
        onSubmit={take}
        onClose={() => setOpen(false)}
      >
        <SchemaFields schema={schema} />
      </FormModal>
    </>
  )
}

function Refusals({ ways }: { ways: Way[] }) {
  const { t } = useTranslation('workflow')
  const { language } = usePreferences()
  const text = useBilingual()
  const blocked = ways.filter((way) => !way.allowed)
  if (blocked.length === 0) return null
  return (
    <ul className={styles.refusals}>
      {blocked.map((way) => (
        <li key={way.name}>
          <strong>{t('blocked', { step: text(way, 'label') })}</strong>
          {way.reasons.map((reason) => (
            <span key={reason.en}>{reason[language]}</span>
          ))}
        </li>
      ))}
    </ul>
  )
}

function History({ instanceId }: { instanceId: string }) {
  const { t } = useTranslation('workflow')
  const text = useBilingual()
  const { history } = useWorkflow(instanceId)
  return (
    <Timeline
      items={(history.data ?? []).map((move) => ({
        key: move.number,
        content: (
          <div className={styles.move}>
            <div>
              <strong>{text(move, 'label') || t('started')}</strong> → {text(move, 'target')}
            </div>
            <div className="faint">
              {move.actor_label || t('officer')} · <Time value={move.at} full />
            </div>
            {move.exception_en !== null && <div className={styles.exception}>{text(move, 'exception')}</div>}
            {Object.entries(move.form).map(([name, value]) => (
              <div key={name} className="soft">
                {typeof value === 'string' ? value : `${name}: ${JSON.stringify(value)}`}
              </div>
            ))}
          </div>
        ),
      }))}
    />
  )
}

/** Where a case stands in its workflow, what may be done next and why not, and what happened so far. */
export function WorkflowPanel({ instanceId, onMoved }: { instanceId: string; onMoved?: () => unknown }) {
  const { t } = useTranslation('workflow')
  const text = useBilingual()
  const queries = useQueryClient()
  const { instance, diagram, history } = useWorkflow(instanceId)
  const states = useMemo(
    () =>
      (diagram.data?.states ?? []).map((state) => ({
        name: state.name,
        label: text(state, 'label'),
        final: state.kind === 'bad',
      })),
    [diagram.data, text],
  )
  const transitions = useMemo(
    () =>
      (diagram.data?.edges ?? []).map((edge) => ({
        name: edge.name,
        label: text(edge, 'label'),
        source: edge.source,
        target: edge.target,
      })),
    [diagram.data, text],
  )
  const visited = useMemo(() => (history.data ?? []).map((move) => move.target), [history.data])
  if (instance.error) return <ProblemView error={instance.error} />
  const moved = async () => {
    await queries.invalidateQueries({
      predicate: ({ queryKey }) => String(queryKey[1]).startsWith('/api/v1/workflows'),
    })
    await onMoved?.()
  }
  const now = instance.data
  return (
    <Section
      title={t('title')}
      note={
        now?.due_at && !now.ended_at ? (
          <>
            {t('due')} <Time value={now.due_at} full />
          </>
        ) : undefined
      }
      extra={now?.ways.map((way) => (
        <WayButton key={way.name} instance={now} way={way} onTaken={moved} />
      ))}
    >
      <div style={{ minHeight: 150 }}>
        <WorkflowDiagram
          label={t('title')}
          states={states}
          transitions={transitions}
          current={now?.state}
          visited={visited}
        />
      </div>
      {now && <Refusals ways={now.ways} />}
      <h3 className={styles.heading}>{t('history')}</h3>
      <History instanceId={instanceId} />
    </Section>
  )
}
