import { Button, Table } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Decimal, Duration, Money, Stat, Stats, Time } from '@/ui/Figures'
import { Json } from '@/ui/Json'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { QueueReason } from './QueueReason'
import { IsolationNote } from './TasksPage'
import { TaskBill } from './TaskBill'
import { useRegions } from './words'

type Task = Got<'/api/v1/compute/tasks/{task_id}'>

const LOOK_MS = 1000
const ENDED = ['succeeded', 'failed', 'cancelled']

/** The output of one try, read on from where it was as long as the try runs. */
function useOutput(taskId: string, attempt: string): string {
  const [text, setText] = useState('')
  useEffect(() => {
    let offset = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    let gone = false
    const read = async () => {
      const { data } = await api.GET('/api/v1/compute/tasks/{task_id}/log', {
        params: { path: { task_id: taskId }, query: { attempt, offset } },
      })
      if (gone || !data) return
      offset = data.next_offset
      if (data.text) setText((held) => held + data.text)
      if (!data.ended || data.text) timer = setTimeout(() => void read(), data.text ? 0 : LOOK_MS)
    }
    void read()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [taskId, attempt])
  return text
}

function Output({ taskId, attempt }: { taskId: string; attempt: string }) {
  const { t } = useTranslation('tasks')
  const text = useOutput(taskId, attempt)
  return (
    <pre className="mono" aria-label={t('output')} tabIndex={0} style={{ maxHeight: 420, overflow: 'auto', margin: 0 }}>
      {text || t('noOutput')}
    </pre>
  )
}

/** Why the task waits, when it is expected to start, and what would make it start. */
function Waiting({ taskId }: { taskId: string }) {
  const { t } = useTranslation('tasks')
  const { data } = $api.useQuery(
    'get',
    '/api/v1/compute/tasks/{task_id}/explain',
    { params: { path: { task_id: taskId } } },
    { refetchInterval: 5000 },
  )
  if (!data || data.position === null) return null
  return (
    <Section title={t('explain.title')}>
      <QueueReason found={data} />
    </Section>
  )
}

function Attempts({ task, onShow }: { task: Task; onShow: (key: string) => void }) {
  const { t } = useTranslation('tasks')
  return (
    <Section title={t('attempts')} flush>
      <Table
        aria-label={t('attempts')}
        size="small"
        pagination={false}
        rowKey={(row) => row.key}
        dataSource={task.attempts}
        columns={[
          { title: t('state'), render: (_, row) => <Status value={row.state} /> },
          { title: t('pools.seat'), render: (_, row) => seatsOf(row.pool, row.seats) },
          { title: t('exitCode'), align: 'right', dataIndex: 'exit_code' },
          {
            title: t('reason.title'),
            render: (_, row) => row.reason && t(`reason.${row.reason}`, { defaultValue: row.reason }),
          },
          { title: t('seconds'), align: 'right', render: (_, row) => <Duration seconds={row.seconds} /> },
          {
            title: t('cpuSeconds'),
            align: 'right',
            render: (_, row) => <Decimal value={row.cpu_seconds} digits={1} />,
          },
          { title: t('peak'), align: 'right', render: (_, row) => <Decimal value={row.peak_mb} digits={0} /> },
          {
            title: '',
            align: 'right',
            render: (_, row) => (
              <Button size="small" onClick={() => onShow(row.key)}>
                {t('output')}
              </Button>
            ),
          },
        ]}
      />
    </Section>
  )
}

type Weighed = Task['weighed'][number]

/** Why the task runs where it does: what it comes to in each pool that may take it. */
function Choice({ weighed }: { weighed: Weighed[] }) {
  const { t } = useTranslation('tasks')
  const { name } = useRegions()
  const yuan = (of: (row: Weighed) => number) => (_: unknown, row: Weighed) => (
    <Money micro={Math.round(of(row) * 1e6)} />
  )
  return (
    <Section title={t('choice.title')} note={t('choice.note')} flush>
      <Table
        aria-label={t('choice.title')}
        size="small"
        pagination={false}
        rowKey={(row) => row.pool}
        dataSource={weighed}
        columns={[
          { title: t('pools.pool'), render: (_, row) => (row.planned ? <strong>{row.pool}</strong> : row.pool) },
          { title: t('choice.region'), render: (_, row) => name(row.region) },
          { title: t('choice.rent'), align: 'right', render: yuan((row) => row.rent) },
          { title: t('choice.copying'), align: 'right', render: yuan((row) => row.copying) },
          { title: t('choice.carbon'), align: 'right', render: yuan((row) => row.carbon) },
          { title: t('choice.waiting'), align: 'right', render: yuan((row) => row.waiting) },
          {
            title: t('choice.whole'),
            align: 'right',
            render: yuan((row) => row.rent + row.copying + row.carbon + row.waiting),
          },
          { title: t('choice.begins'), align: 'right', render: (_, row) => <Duration seconds={row.begins_h * 3600} /> },
        ]}
      />
    </Section>
  )
}

/** A pool, and the nodes and accelerators of it that are held. */
function seatsOf(pool: string, seats: Task['seats']): string {
  const nodes = seats.map((seat) => (seat.devices.length > 0 ? `${seat.node} [${seat.devices.join(', ')}]` : seat.node))
  return pool ? `${pool}: ${nodes.join(', ')}` : '—'
}

type Act = 'stop' | 'resume' | 'move'

function Actions({ task, onDone }: { task: Task; onDone: () => Promise<unknown> }) {
  const { t } = useTranslation('tasks')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const act = async (what: Act) => {
    setBusy(true)
    setError(null)
    try {
      await api.POST(`/api/v1/compute/tasks/{task_id}/${what}`, { params: { path: { task_id: task.id } } })
      await onDone()
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      {task.pool && task.notice === null && !task.closing && (
        <Button loading={busy} onClick={() => void act('move')}>
          {t('move')}
        </Button>
      )}
      {!ENDED.includes(task.state) && !task.closing && (
        <Button danger loading={busy} onClick={() => void act('stop')}>
          {t('stop')}
        </Button>
      )}
      {['failed', 'cancelled'].includes(task.state) && (
        <Button loading={busy} onClick={() => void act('resume')}>
          {t('resume')}
        </Button>
      )}
      {error !== null && <ProblemView error={error} />}
    </>
  )
}

export function Component() {
  const { t } = useTranslation('tasks')
  const { taskId = '' } = useParams()
  const [chosen, setChosen] = useState<string | null>(null)
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/tasks/{task_id}',
    { params: { path: { task_id: taskId } } },
    {
      refetchInterval: ({ state }) =>
        state.data && ENDED.includes(state.data.state) && !state.data.closing ? false : 2000,
    },
  )
  if (query.error) return <ProblemView page error={query.error} />
  const task = query.data
  if (!task) return <Loading />
  const shown = chosen ?? task.attempt ?? task.attempts.at(-1)?.key ?? null
  return (
    <Page
      title={task.name}
      crumbs={[{ label: t('title'), to: '/compute/tasks' }, { label: task.name }]}
      badges={<Status value={task.closing ? 'cancelling' : task.state} />}
      actions={<Actions task={task} onDone={() => query.refetch()} />}
    >
      <IsolationNote />
      <Stats>
        <Stat label={t('costSoFar')} value={<Money micro={task.cost_so_far_micro} />} />
        <Stat label={t('seconds')} value={<Duration seconds={task.seconds} />} />
        <Stat label={t('tries')} value={task.attempts.length + (task.attempt ? 1 : 0)} />
      </Stats>
      {task.state === 'queued' && !task.pool && <Waiting taskId={task.id} />}
      {task.weighed.length > 1 && <Choice weighed={task.weighed} />}
      <Section title={t('output')}>
        {shown ? (
          <Output key={shown} taskId={task.id} attempt={shown} />
        ) : (
          <span className="faint">{t('waiting')}</span>
        )}
      </Section>
      {task.attempts.length > 0 && <Attempts task={task} onShow={setChosen} />}
      <TaskBill attempts={task.attempts} />
      <Section title={t('facts')}>
        <Facts
          columns={2}
          facts={[
            { label: t('job'), value: <Link to={`/jobs/${task.job_id}`}>{task.job_id}</Link> },
            { label: t('pools.seat'), value: task.pool ? seatsOf(task.pool, task.seats) : null },
            { label: t('priority'), value: task.priority },
            { label: t('created'), value: <Time value={task.created_at} full /> },
            { label: t('started'), value: task.started_at && <Time value={task.started_at} full /> },
            { label: t('finished'), value: task.finished_at && <Time value={task.finished_at} full /> },
            {
              label: t('outputs'),
              value:
                Object.keys(task.outputs).length === 0
                  ? null
                  : Object.entries(task.outputs).map(([folder, reference]) => (
                      <div key={folder}>
                        {folder}: <RevisionLink reference={reference} />
                      </div>
                    )),
            },
          ]}
        />
      </Section>
      {ENDED.includes(task.state) && !task.closing && task.attempts.length > 0 && (
        <Section title={t('certificate.title')} note={t('certificate.note')}>
          <Button href={`/api/v1/compute/tasks/${task.id}/certificate`} target="_blank">
            JSON
          </Button>{' '}
          <Button href={`/api/v1/compute/tasks/${task.id}/certificate.pdf`} target="_blank">
            PDF
          </Button>
        </Section>
      )}
      <Section title={t('task')}>
        <Json value={task.spec} />
      </Section>
      <Snippet
        sources={[{ label: 'CLI', code: `ceyuan task logs ${task.id} --follow\nceyuan task explain ${task.id}` }]}
      />
    </Page>
  )
}
