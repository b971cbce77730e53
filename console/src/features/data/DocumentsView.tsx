import type { ReactNode } from 'react'
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
type Facets = Record<(typeof FACETS)[number], { value: string; names: string[]; documents: number }[]>

const PAGE = 50
const FACETS = ['domain', 'field', 'form', 'reason'] as const
const CLASSES = ['field', 'form'] as const

/** What can be chosen in each facet, with how many documents have it; what is chosen stays, be it none's. */
function optionsOf(facets: Facets | undefined, chosen: Record<string, string>, side: number) {
  const options = FACETS.map((name) => {
    const values = (facets?.[name] ?? []).map(({ value, names, documents }) => ({
      value,
      label: (
        <>
          {names[side]}{' '}
          <span className="faint">
            <Count value={documents} />
          </span>
        </>
      ),
    }))
    const held = chosen[name]
    return [
      name,
      held && !values.some((one) => one.value === held) ? [...values, { value: held, label: held }] : values,
    ]
  })
  return Object.fromEntries(options) as Record<(typeof FACETS)[number], { value: string; label: ReactNode }[]>
}

/** Documents of a corpus with filters, also those that were dropped; each leads to its way. */
export function DocumentsView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const list = useListState(['state', ...FACETS, 'text'])
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
          ...Object.fromEntries(FACETS.map((name) => [name, list.filters[name]])),
          text: list.filters.text,
          limit: PAGE,
          offset,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const found = query.data
  const facets = optionsOf(found?.facets, list.filters, names.side)
  const called = (facet: (typeof CLASSES)[number], value: string | null) =>
    found?.facets[facet].find((one) => one.value === value)?.names[names.side] ?? value ?? '—'
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
    ...CLASSES.filter((name) => found && found.facets[name].length > 0).map((name) => ({
      title: t(`document.${name}`),
      render: (_: unknown, row: Row) => called(name, row[name]),
    })),
    { title: t('quality.characters'), align: 'right', render: (_, row) => <Count value={row.characters} /> },
    {
      title: t('pipelines.state'),
      render: (_, row) => (row.reason ? names.reason(row.reason) : t('document.state.kept')),
    },
  ]
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
          { name: 'domain', label: t('sources.domain'), options: facets.domain },
          ...CLASSES.filter((name) => facets[name].length > 0).map((name) => ({
            name,
            label: t(`document.${name}`),
            options: facets[name],
          })),
          { name: 'reason', label: t('quality.reason'), options: facets.reason },
          { name: 'text', label: t('document.search') },
        ]}
        extra={found && <span className="soft">{t('document.total', { count: found.total })}</span>}
        empty={<EmptyState title={t('document.none')} />}
      />
      {chosen && <DocumentTrace key={chosen} place={place} id={chosen} onClose={() => open(null)} onOpen={open} />}
    </>
  )
}
