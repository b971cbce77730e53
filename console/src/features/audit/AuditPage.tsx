import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { EntryDetail } from './EntryDetail'
import { TreeHead } from './TreeHead'

type Entry = Item<'/api/v1/audit/entries'>

export function Component() {
  const { t } = useTranslation('audit')
  const { organisation } = usePreferences()
  const list = useListState(['action', 'subject', 'actor_id', 'since'])
  const { action, subject, actor_id, since } = list.filters
  const query = $api.useQuery(
    'get',
    '/api/v1/audit/entries',
    {
      params: {
        query: {
          action,
          subject,
          actor_id,
          since: since ? new Date(since).toISOString() : undefined,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Entry>[] = [
    { title: '#', dataIndex: 'seq', width: 80, className: 'num' },
    { title: t('column.at'), width: 190, render: (_, entry) => <Time value={entry.at} full /> },
    { title: t('column.action'), render: (_, entry) => <code>{entry.action}</code> },
    { title: t('column.subject'), render: (_, entry) => <span className="mono">{entry.subject}</span> },
    {
      title: t('column.actor'),
      render: (_, entry) => (
        <>
          <span className="mono">{entry.actor_id}</span>
          {entry.impersonator && <div className="faint">{t('onBehalf', { who: entry.impersonator })}</div>}
        </>
      ),
    },
  ]
  return (
    <Page title={t('title')} description={t('description')}>
      <TreeHead />
      <DataTable
        label={t('entries')}
        query={query}
        columns={columns}
        rowKey={(entry) => entry.id}
        list={list}
        filters={[
          { name: 'action', label: t('filter.action') },
          { name: 'subject', label: t('filter.subject') },
          { name: 'actor_id', label: t('filter.actor') },
        ]}
        expand={(entry) => <EntryDetail entry={entry} />}
        empty={<EmptyState title={t('empty.title')} next={t('empty.next')} />}
      />
      <Snippet
        sources={[
          {
            label: 'CLI',
            code: 'ceyuan audit verify\nceyuan audit export --out audit.jsonl\nceyuan audit verify --file audit.jsonl',
          },
          { label: 'HTTP', code: 'curl -H "Authorization: Bearer $CEYUAN_TOKEN" $CEYUAN_URL/api/v1/audit/head' },
        ]}
      />
    </Page>
  )
}
