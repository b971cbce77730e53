import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { useListState } from '@/lib/listState'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Count } from '@/ui/Figures'

import { DocumentTrace } from './DocumentTrace'
import { useNames } from './names'
import { paramsOf, type CorpusPlace } from './place'

type Row = Got<'/api/v1/data/datasets/{owner}/{name}/documents'>['documents'][number]

const PAGE = 50

/** Documents of a corpus with filters, also those that were dropped; each leads to its way. */
export function DocumentsView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const list = useListState(['state', 'domain', 'reason', 'text'])
  const [search, setSearch] = useSearchParams()
  const names = useNames()
  const params = paramsOf(place)
  const offset = Number(list.cursor ?? 0)
  const query = $api.useQuery(
    'get',
    '/api/v1/data/datasets/{owner}/{name}/documents',
    {
      params: {
        path: params.path,
        query: {
          ...params.query,
          state: list.filters.state === 'kept' || list.filters.state === 'dropped' ? list.filters.state : undefined,
          domain: list.filters.domain,
          reason: list.filters.reason,
          text: list.filters.text,
          limit: PAGE,
          offset,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const choices = (table: Record<string, string[]> | undefined) =>
    Object.entries(table ?? {}).map(([value, words]) => ({ value, label: words[names.side] ?? value }))
  const open = (id: string | null) =>
    setSearch((current) => {
      const next = new URLSearchParams(current)
      if (id === null) next.delete('id')
      else next.set('id', id)
      return next
    })
  const columns: Column<Row>[] = [
    {
      title: t('document.id'),
      render: (_, row) => (
        <>
          <a onClick={() => open(row.id)}>
            <code>{row.id}</code>
          </a>
          {row.title && <div className="soft">{row.title}</div>}
        </>
      ),
    },
    {
      title: t('document.text'),
      render: (_, row) => (
        <div style={{ maxWidth: 380, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
          {row.text}
        </div>
      ),
    },
    { title: t('sources.domain'), render: (_, row) => names.domain(row.domain) },
    { title: t('quality.characters'), align: 'right', render: (_, row) => <Count value={row.characters} /> },
    {
      title: t('pipelines.state'),
      render: (_, row) => (row.reason ? names.reason(row.reason) : t('document.state.kept')),
    },
  ]
  const found = query.data
  const next = found && offset + PAGE < found.total ? String(offset + PAGE) : null
  const chosen = search.get('id')
  return (
    <>
      <DataTable
        label={t('document.title')}
        query={{ ...query, data: found && { items: found.documents, next } }}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('pipelines.state'),
            options: (['kept', 'dropped'] as const).map((value) => ({ value, label: t(`document.state.${value}`) })),
          },
          { name: 'domain', label: t('sources.domain'), options: choices(names.parts?.domains) },
          { name: 'reason', label: t('quality.reason'), options: choices(names.parts?.reasons) },
          { name: 'text', label: t('document.search') },
        ]}
        extra={found && <span className="soft">{t('document.total', { count: found.total })}</span>}
        empty={<EmptyState title={t('document.none')} />}
      />
      {chosen && <DocumentTrace key={chosen} place={place} id={chosen} onClose={() => open(null)} onOpen={open} />}
    </>
  )
}
