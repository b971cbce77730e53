import { App, Button, Select, Space, Switch, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Item, Posted } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { Percent } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Section } from '@/ui/Page'

import { FIELDS, startingFrom, unmapped, withColumns, type Columns, type Field, type Mapping } from './mapping'

type Source = Item<'/api/v1/data/sources'>
type Preview = Posted<'/api/v1/data/sources/{source_id}/columns/preview'>
type Row = Preview['rows'][number]

/** Each field with the columns that fill it, and what those hold. */
function Fields({
  found,
  mapping,
  onChange,
}: {
  found: Columns
  mapping: Mapping
  onChange: (mapping: Mapping) => void
}) {
  const { t } = useTranslation('data')
  const known = new Map(found.columns.map((column) => [column.name, column]))
  const options = found.columns.map((column) => ({
    value: column.name,
    label: column.name,
    title: column.samples.join(' · '),
  }))
  return (
    <Table<{ field: Field }>
      size="small"
      rowKey="field"
      pagination={false}
      scroll={{ x: 'max-content' }}
      dataSource={FIELDS.map((field) => ({ field }))}
      columns={[
        { title: t('mapping.field'), render: (_, { field }) => t(`mapping.fields.${field}`) },
        {
          title: t('mapping.columns'),
          render: (_, { field }) => (
            <Select
              mode="multiple"
              style={{ width: 320 }}
              aria-label={t(`mapping.fields.${field}`)}
              status={field === 'text' && !mapping.text.length ? 'error' : ''}
              value={mapping[field] ?? []}
              options={options}
              onChange={(columns: string[]) => onChange(withColumns(mapping, field, columns))}
            />
          ),
        },
        {
          title: t('mapping.samples'),
          render: (_, { field }) =>
            (mapping[field] ?? []).map((name) => {
              const column = known.get(name)
              return (
                <div key={name} className="faint" style={{ maxWidth: 480, overflowWrap: 'anywhere' }}>
                  {column?.samples[0]?.slice(0, 80) ?? '—'} {column && <Percent ratio={column.filled} digits={0} />}
                </div>
              )
            }),
        },
      ]}
    />
  )
}

/** The first rows as they would be in the dataset. */
function Rows({ preview }: { preview: Preview }) {
  const { t } = useTranslation('data')
  const wrapped = { overflowWrap: 'anywhere' } as const
  return (
    <>
      <Table<Row>
        size="small"
        rowKey="where"
        pagination={false}
        scroll={{ x: 'max-content' }}
        dataSource={preview.rows}
        columns={[
          { title: t('mapping.where'), render: (_, row) => <code>{row.where}</code> },
          { title: t('mapping.fields.title'), dataIndex: 'title' },
          {
            title: t('mapping.fields.text'),
            render: (_, row) => <div style={{ ...wrapped, maxWidth: 420 }}>{row.text.slice(0, 160)}</div>,
          },
          { title: t('mapping.fields.time'), dataIndex: 'time' },
          { title: t('mapping.fields.author'), dataIndex: 'author' },
          { title: t('mapping.fields.url'), render: (_, row) => <div style={wrapped}>{row.url}</div> },
          { title: t('mapping.fields.licence'), dataIndex: 'licence' },
          {
            title: t('mapping.notes'),
            render: (_, row) =>
              Object.entries(row.notes).map(([name, value]) => (
                <div key={name} className="faint">
                  {name}: {value.slice(0, 60)}
                </div>
              )),
          },
        ]}
      />
      {preview.rejected.map((one) => (
        <div key={one.where} className="faint">
          {t('mapping.rejected')} <code>{one.where}</code> {one.reason} {one.detail}
        </div>
      ))}
    </>
  )
}

function Editor({ source, found, onSaved }: { source: Source; found: Columns; onSaved: () => void }) {
  const { t } = useTranslation('data')
  const { message } = App.useApp()
  const [mapping, setMapping] = useState<Mapping>(() => startingFrom(found))
  const [saving, setSaving] = useState(false)
  const failed = (error: unknown) => void message.error(asProblem(error).detail || asProblem(error).title)
  const preview = $api.useMutation('post', '/api/v1/data/sources/{source_id}/columns/preview', { onError: failed })
  const save = async () => {
    setSaving(true)
    try {
      await api.PATCH('/api/v1/data/sources/{source_id}', {
        params: { path: { source_id: source.id } },
        body: { reading: { ...source.reading, mapping } },
      })
      void message.success(t('mapping.saved'))
      onSaved()
    } catch (error) {
      failed(error)
    } finally {
      setSaving(false)
    }
  }
  const left = unmapped(found, mapping)
  return (
    <>
      <Fields found={found} mapping={mapping} onChange={setMapping} />
      <Space wrap style={{ margin: '12px 0' }}>
        <Button
          loading={preview.isPending}
          disabled={!mapping.text.length}
          onClick={() => preview.mutate({ params: { path: { source_id: source.id } }, body: mapping })}
        >
          {t('mapping.preview')}
        </Button>
        <Button type="primary" loading={saving} disabled={!mapping.text.length} onClick={() => void save()}>
          {t('mapping.save')}
        </Button>
        <Button onClick={() => setMapping(found.proposal)}>{t('mapping.propose')}</Button>
        <Switch
          checked={mapping.others ?? true}
          aria-label={t('mapping.others')}
          onChange={(others) => setMapping({ ...mapping, others })}
        />
        <span>{t('mapping.others')}</span>
        <Switch
          checked={mapping.keyed ?? false}
          disabled={!mapping.id?.length}
          aria-label={t('mapping.keyed')}
          onChange={(keyed) => setMapping({ ...mapping, keyed })}
        />
        <span title={t('mapping.keyedNote')}>{t('mapping.keyed')}</span>
        <span className="faint">{left.join('、')}</span>
      </Space>
      {preview.data && <Rows preview={preview.data} />}
    </>
  )
}

/** One source: its columns, the mapping to look over, rows to try it on. */
export function SourceMapping({ source, onSaved }: { source: Source; onSaved: () => void }) {
  const { t } = useTranslation('data')
  const query = $api.useQuery('get', '/api/v1/data/sources/{source_id}/columns', {
    params: { path: { source_id: source.id } },
  })
  return (
    <Section
      title={source.title || source.key}
      note={query.data && t('mapping.looked', { n: query.data.files.length, more: query.data.more ? '+' : '' })}
    >
      {query.error && <ProblemView error={query.error} />}
      {query.isPending && <Loading />}
      {query.data && <Editor source={source} found={query.data} onSaved={onSaved} />}
    </Section>
  )
}
