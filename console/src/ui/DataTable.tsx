import { SearchOutlined } from '@ant-design/icons'
import { Button, Input, Select, Table, type TableColumnType } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import type { ListControls } from '@/lib/listState'

import styles from './DataTable.module.css'
import { ProblemView } from './Feedback'
import { Pager } from './Pager'

export interface Column<Row> extends Omit<TableColumnType<Row>, 'sorter' | 'sortOrder'> {
  /** Name of the API's sort field, when the list can be sorted by this column. */
  sort?: string
}

export interface FilterSpec {
  name: string
  label: string
  /** Choices; a filter without them is a text search. */
  options?: { value: string; label: ReactNode }[]
}

export interface ListQuery<Row> {
  data: { items: Row[]; next?: string | null } | undefined
  error: unknown
  isPending: boolean
  isFetching: boolean
  refetch: () => unknown
}

interface DataTableProps<Row> {
  query: ListQuery<Row>
  columns: Column<Row>[]
  rowKey: (row: Row) => string
  list?: ListControls
  filters?: FilterSpec[]
  /** Shown when there is nothing at all, as opposed to nothing that matches. */
  empty: ReactNode
  extra?: ReactNode
  label: string
  onRow?: (row: Row) => void
  expand?: (row: Row) => ReactNode
  /** Stands inside a section that has a frame already. */
  bare?: boolean
}

function SearchFilter({ spec, list }: { spec: FilterSpec; list: ListControls }) {
  const held = list.filters[spec.name] ?? ''
  const [text, setText] = useState(held)
  const [seen, setSeen] = useState(held)
  if (held !== seen) {
    setSeen(held)
    setText(held)
  }
  return (
    <Input
      className={styles.search}
      prefix={<SearchOutlined className="faint" />}
      placeholder={spec.label}
      aria-label={spec.label}
      allowClear
      value={text}
      onChange={(event) => {
        setText(event.target.value)
        if (event.target.value === '') list.setFilter(spec.name, null)
      }}
      onPressEnter={() => list.setFilter(spec.name, text.trim() || null)}
      onBlur={() => text.trim() !== held && list.setFilter(spec.name, text.trim() || null)}
    />
  )
}

function Filters({ specs, list }: { specs: FilterSpec[]; list: ListControls }) {
  const { t } = useTranslation()
  const used = Object.keys(list.filters).length > 0
  return (
    <>
      {specs.map((spec) =>
        spec.options ? (
          <Select
            key={spec.name}
            className={styles.select}
            allowClear
            popupMatchSelectWidth={false}
            placeholder={spec.label}
            aria-label={spec.label}
            value={list.filters[spec.name]}
            options={spec.options}
            onChange={(value: string | undefined) => list.setFilter(spec.name, value ?? null)}
          />
        ) : (
          <SearchFilter key={spec.name} spec={spec} list={list} />
        ),
      )}
      {used && (
        <Button type="link" onClick={list.clearFilters}>
          {t('list.clear')}
        </Button>
      )}
    </>
  )
}

function sortOrder(field: string | undefined, sort: string | null | undefined): 'ascend' | 'descend' | null {
  if (!field || !sort) return null
  if (sort === field) return 'ascend'
  return sort === `-${field}` ? 'descend' : null
}

/** A list page's table: filters, sort and page are in the address, so that a view can be sent to a colleague. */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { query, columns, rowKey, list, filters, empty, extra, label, onRow, expand, bare } = props
  const { t } = useTranslation()
  const rows = query.data?.items
  const filtered = list !== undefined && (Object.keys(list.filters).length > 0 || list.cursor !== null)
  const untouched = rows?.length === 0 && !filtered
  if (query.error && !rows) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  const toolbar = (filters && list && !untouched) || extra
  return (
    <div className={bare ? styles.bare : styles.frame} aria-busy={query.isFetching}>
      {toolbar && (
        <div className={styles.toolbar}>
          {filters && list && !untouched && <Filters specs={filters} list={list} />}
          <div className={styles.extra}>{extra}</div>
        </div>
      )}
      {untouched ? (
        empty
      ) : (
        <Table<Row>
          aria-label={label}
          className={styles.table}
          size="middle"
          rowKey={rowKey}
          dataSource={rows ?? []}
          loading={{ spinning: query.isPending, delay: 150 }}
          pagination={false}
          scroll={{ x: 'max-content' }}
          showSorterTooltip={false}
          locale={{ emptyText: query.isPending ? <div className={styles.loading} /> : t('list.noMatch') }}
          columns={columns.map(({ sort, ...column }) => ({
            ...column,
            ...(sort && list ? { sorter: true, sortOrder: sortOrder(sort, list.sort), key: sort } : {}),
          }))}
          onChange={(_pages, _filters, sorter) => {
            const chosen = Array.isArray(sorter) ? sorter[0] : sorter
            if (!chosen?.columnKey || !list) return
            const field = String(chosen.columnKey)
            list.setSort(chosen.order ? (chosen.order === 'descend' ? `-${field}` : field) : null)
          }}
          {...(expand ? { expandable: { expandedRowRender: expand, columnWidth: 40 } } : {})}
          {...(onRow ? { onRow: (row: Row) => ({ onClick: () => onRow(row), className: styles.clickable }) } : {})}
        />
      )}
      {list && <Pager list={list} next={query.data?.next} />}
    </div>
  )
}
