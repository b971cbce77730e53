import { Table } from 'antd'

import styles from './Repository.module.css'

function cell(value: unknown) {
  if (value === null) return <span className="faint">null</span>
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return (
    <div className={styles.cell} title={text.length > 120 ? text.slice(0, 2000) : undefined}>
      {text}
    </div>
  )
}

interface RowsTableProps {
  columns: { name: string; type: string }[]
  rows: unknown[][]
  /** Number of the first row. */
  start: number
}

/** Rows of a table file, or of an answer to a question about it. */
export function RowsTable({ columns, rows, start }: RowsTableProps) {
  return (
    <Table
      size="small"
      rowKey={(row) => String(row.number)}
      pagination={false}
      scroll={{ x: 'max-content' }}
      dataSource={rows.map((values, index) => ({ number: start + index, values }))}
      columns={[
        { title: '#', width: 70, render: (_, row) => <span className="num faint">{row.number}</span> },
        ...columns.map((column, index) => ({
          title: (
            <>
              {column.name} <span className="faint mono">{column.type}</span>
            </>
          ),
          key: `${index}:${column.name}`,
          render: (_: unknown, row: { values: unknown[] }) => cell(row.values[index]),
        })),
      ]}
    />
  )
}
