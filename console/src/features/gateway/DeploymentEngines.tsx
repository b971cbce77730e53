import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Element } from '@/api/types'
import { DataTable, type Column } from '@/ui/DataTable'
import { Count, Duration } from '@/ui/Figures'
import { Status, type Tone } from '@/ui/Status'

type Engine = Element<'/api/v1/models/deployments'>['engines'][number]

const TONES: Record<string, Tone> = {
  ready: 'good',
  starting: 'active',
  queued: 'active',
  draining: 'active',
  stopping: 'neutral',
  stopped: 'neutral',
  backing_off: 'bad',
  failed: 'bad',
}

/** The replicas of a deployment, with the last words of those that failed. */
export function Engines({ rows }: { rows: Engine[] }) {
  const { t } = useTranslation('gateway')
  const engines: Column<Engine>[] = [
    {
      title: t('deploy.engine'),
      render: (_, one) => (
        <>
          {one.task_id === null ? (
            <code>{one.name.split('/').slice(1).join('/')}</code>
          ) : (
            <Link to={`/compute/tasks/${one.task_id}`}>{t('deploy.task')}</Link>
          )}{' '}
          <span className="faint">{one.variant && t(`deploy.variant.${one.variant}`)}</span>
          {one.address && <div className="faint mono">{one.address}</div>}
        </>
      ),
    },
    {
      title: t('field.state'),
      render: (_, one) => (
        <div>
          <Status value={one.state} tone={TONES[one.state] ?? 'neutral'} label={t(`deploy.engineState.${one.state}`)} />
          {one.last_error && <div className="faint">{one.last_error}</div>}
        </div>
      ),
    },
    { title: t('routes.pending'), align: 'right', render: (_, one) => <Count value={one.in_flight} /> },
    { title: t('deploy.threads'), align: 'right', render: (_, one) => <Count value={one.threads} /> },
    {
      title: t('deploy.memory'),
      align: 'right',
      render: (_, one) => <span className="num">{one.rss_mb === null ? '—' : `${Math.round(one.rss_mb)} MB`}</span>,
    },
    { title: t('deploy.load'), align: 'right', render: (_, one) => <Duration seconds={one.load_s} /> },
    { title: t('deploy.restarts'), align: 'right', render: (_, one) => <Count value={one.restarts} /> },
  ]
  const still = { error: null, isPending: false, isFetching: false, refetch: () => undefined }
  return (
    <DataTable
      bare
      label={t('deploy.engines')}
      query={{ ...still, data: { items: rows } }}
      columns={engines}
      rowKey={(one) => one.name}
      expand={(one) => (
        <pre
          className="mono faint"
          aria-label={t('deploy.engineLog')}
          tabIndex={0}
          style={{ maxHeight: 320, overflow: 'auto', margin: 0 }}
        >
          {one.log.join('\n') || '—'}
        </pre>
      )}
      empty={null}
    />
  )
}
