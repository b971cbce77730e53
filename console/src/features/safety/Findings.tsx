import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { Percent } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { Status, type Tone } from '@/ui/Status'

import { useRisks } from './useRisks'

type Finding = Item<'/api/v1/safety/checks/{check_id}/findings'>

const ACTION_TONES: Record<string, Tone> = { block: 'bad', flag: 'warn', mask: 'active', allow: 'good' }

export function ActionMark({ action }: { action: string }) {
  const { t } = useTranslation('safety')
  return (
    <Status
      value={action}
      tone={ACTION_TONES[action] ?? 'neutral'}
      label={t(`action.${action}`, { defaultValue: action })}
    />
  )
}

/** What a check found, by clause; identifiers in the excerpts are masked. */
export function Findings({ checkId }: { checkId: string }) {
  const { t } = useTranslation('safety')
  const risk = useRisks()
  const list = useListState(['part', 'clause', 'action'])
  const query = $api.useQuery(
    'get',
    '/api/v1/safety/checks/{check_id}/findings',
    {
      params: {
        path: { check_id: checkId },
        query: { ...list.filters, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 25 },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Finding>[] = [
    {
      title: t('clause'),
      sort: 'clause',
      render: (_, row) => (
        <>
          <code>{row.clause}</code> {risk(row.clause)}
        </>
      ),
    },
    { title: t('action.title'), sort: 'action', render: (_, row) => <ActionMark action={row.action} /> },
    {
      title: t('detector.title'),
      render: (_, row) => (
        <>
          {t(`detector.${row.detector}`, { defaultValue: row.detector })}
          <div className="faint">{row.detail}</div>
        </>
      ),
    },
    {
      title: t('excerpt'),
      render: (_, row) => <div style={{ maxWidth: 460, whiteSpace: 'pre-wrap' }}>{row.excerpt}</div>,
    },
    {
      title: t('confidence'),
      sort: 'confidence',
      align: 'right',
      render: (_, row) => <Percent ratio={row.confidence} digits={0} />,
    },
  ]
  return (
    <Section title={t('findings')} note={t('findingsNote')} flush>
      <DataTable
        bare
        label={t('findings')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'part', label: t('partTitle') },
          { name: 'clause', label: t('clause') },
          {
            name: 'action',
            label: t('action.title'),
            options: ['block', 'flag', 'mask'].map((value) => ({ value, label: t(`action.${value}`) })),
          },
        ]}
        empty={
          <p className="soft" style={{ padding: '8px 20px 20px' }}>
            {t('clean')}
          </p>
        }
      />
    </Section>
  )
}
