import { DownloadOutlined } from '@ant-design/icons'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { addressesOf } from '@/lib/cardAddress'
import { CARD_HTML } from '@/lib/cardHtml'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Bytes, Count, Hash } from '@/ui/Figures'
import { Json } from '@/ui/Json'
import { Markdown, withoutFrontMatter } from '@/ui/Markdown'

import { SafetyFindings, SafetyTag } from './FileSafety'
import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'
import { RowsTable } from './RowsTable'
import { TableQuery } from './TableQuery'

type Entry = Got<'/api/v1/repositories/{kind}/{owner}/{name}/entry'>
type View = Got<'/api/v1/repositories/{kind}/{owner}/{name}/view'>
type Rows = Extract<View, { format: 'table' }>
type Tensors = Extract<View, { format: 'tensors' }>
type Tensor = Tensors['tensors'][number]

const ROWS = 50

function TensorsView({ view }: { view: Tensors }) {
  const { t } = useTranslation('hub')
  return (
    <div className="stack" style={{ padding: 18 }}>
      <Facts
        columns={3}
        facts={[
          { label: t('tensor.container'), value: view.container },
          { label: t('tensor.parameters'), value: <Count value={view.parameters} /> },
          { label: t('tensor.count'), value: <Count value={view.total} /> },
          {
            label: t('tensor.types'),
            value: (
              <span className="row">
                {Object.entries(view.dtypes)
                  .sort(([, a], [, b]) => b - a)
                  .map(([type, count]) => (
                    <span key={type}>
                      <code>{type}</code> <Count value={count} />
                    </span>
                  ))}
              </span>
            ),
          },
        ]}
      />
      <Table<Tensor>
        size="small"
        rowKey="name"
        pagination={false}
        dataSource={view.tensors}
        columns={[
          { title: t('tensor.name'), render: (_, row) => <code>{row.name}</code> },
          { title: t('tensor.type'), dataIndex: 'dtype' },
          { title: t('tensor.shape'), render: (_, row) => <span className="num">{row.shape.join(' × ')}</span> },
          { title: t('tensor.parameters'), align: 'right', render: (_, row) => <Count value={row.parameters} /> },
        ]}
      />
      <Json value={view.metadata} />
    </div>
  )
}

function Media({ view }: { view: Extract<View, { format: 'media' }> }) {
  const { t } = useTranslation('hub')
  if (view.media === 'image') return <img className={styles.image} src={view.url} alt={view.path} />
  if (view.media === 'audio') return <audio className={styles.image} src={view.url} controls />
  if (view.media === 'video') return <video className={styles.image} src={view.url} controls />
  return <p className={styles.binary}>{t('file.binary')}</p>
}

function Content({ place, view }: { place: Place; view: View }) {
  const { t } = useTranslation('hub')
  if (view.format === 'table') return <RowsTable columns={view.columns} rows={view.rows} start={view.start} />
  if (view.format === 'tensors') return <TensorsView view={view} />
  if (view.format === 'media') return <Media view={view} />
  if (view.format === 'binary') {
    return (
      <div className={styles.text}>
        <p className="soft">{t('file.binary')}</p>
        <pre className={styles.code}>{view.head}</pre>
      </div>
    )
  }
  if (/\.md$/i.test(view.path)) {
    return (
      <div className={styles.text}>
        <Markdown
          text={withoutFrontMatter(view.text)}
          addresses={addressesOf(place, view.path.split('/').slice(0, -1).map(encodeURIComponent).join('/'))}
          html={CARD_HTML}
        />
      </div>
    )
  }
  return (
    <pre className={styles.code} tabIndex={0}>
      {view.text}
    </pre>
  )
}

function Turner({ view, onTurn }: { view: Rows | Tensors; onTurn: (start: number) => void }) {
  const { t } = useTranslation()
  if (view.start === 0 && view.next === null) return null
  return (
    <div className={styles.turner}>
      <span className="faint num">
        {view.start} – {view.next ?? view.total ?? ''} {view.total !== null && `/ ${view.total.toLocaleString()}`}
      </span>
      <Button size="small" disabled={view.start === 0} onClick={() => onTurn(Math.max(0, view.start - ROWS))}>
        {t('list.previous')}
      </Button>
      <Button size="small" disabled={view.next === null} onClick={() => view.next !== null && onTurn(view.next)}>
        {t('list.next')}
      </Button>
    </div>
  )
}

/** One file: its figures, and what is in it as far as the platform can show it. */
export function FileView({ place, entry }: { place: Place; entry: Entry }) {
  const { t } = useTranslation('hub')
  const [start, setStart] = useState(0)
  const query = $api.useQuery(
    'get',
    '/api/v1/repositories/{kind}/{owner}/{name}/view',
    { params: { path: pathOf(place), query: { revision: place.revision, path: entry.path, start, limit: ROWS } } },
    { placeholderData: (held) => (held?.path === entry.path ? held : undefined) },
  )
  const view = query.data
  return (
    <div>
      <div className={styles.fileHead}>
        <Bytes value={entry.size} />
        <Hash value={entry.sha256 ?? entry.oid} length={16} />
        <SafetyTag place={place} path={entry.path} />
        {view?.format === 'text' && view.truncated && <span className="faint">{t('file.cut')}</span>}
        {entry.url && (
          <Button size="small" icon={<DownloadOutlined />} href={entry.url} download>
            {t('file.download')}
          </Button>
        )}
      </div>
      <SafetyFindings place={place} path={entry.path} />
      {view?.format === 'table' && (
        <details className={styles.details}>
          <summary>{t('query.title')}</summary>
          <TableQuery place={place} path={entry.path} />
        </details>
      )}
      {query.error !== null && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      <div style={{ minHeight: 200 }}>{view && <Content place={place} view={view} />}</div>
      {(view?.format === 'table' || view?.format === 'tensors') && <Turner view={view} onTurn={setStart} />}
    </div>
  )
}
