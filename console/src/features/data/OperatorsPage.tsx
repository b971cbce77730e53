import { Input, Select, Space, Table, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { useNames } from './names'
import { choicesOf, isRequired, meaningOf, parametersOf, type Operator, type Parameter } from './recipes'

const MODALITIES = ['text', 'image', 'audio', 'video'] as const
const MEDIA = { image: 'images', audio: 'speech', video: 'video' } as const

function bounds(parameter: Parameter, side: number) {
  const choices = choicesOf(parameter, side)
  if (choices)
    return choices.map(({ value, label }) => (
      <div key={value}>
        <span className="mono">{value}</span> {label !== value && label}
      </div>
    ))
  const { minimum, maximum } = parameter
  return [minimum !== undefined && `≥ ${minimum}`, maximum !== undefined && `≤ ${maximum}`].filter(Boolean).join(', ')
}

function yamlOf(one: Operator): string {
  const given = parametersOf(one).map(([name, { default: value }]) => `${name}: ${JSON.stringify(value ?? '…')}`)
  const step = `steps:\n  - operator: ${one.name}${given.length ? `\n    parameters: {${given.join(', ')}}` : ''}`
  return one.modality === 'text' ? step : `media: ${MEDIA[one.modality]}\n${step}`
}

function Declaration({ one }: { one: Operator }) {
  const { t } = useTranslation('data')
  const { side, statistic } = useNames()
  const parameters = parametersOf(one)
  return (
    <Space orientation="vertical" style={{ width: '100%' }}>
      <Typography.Text>{one.summary[side]}</Typography.Text>
      {one.kind === 'stat' && (
        <span>
          {t('operator.adds')}{' '}
          {one.writes.map((column) => (
            <Tag key={column}>
              <span className="mono">{column}</span> {statistic(column)}
            </Tag>
          ))}
        </span>
      )}
      {parameters.length > 0 && (
        <Table
          size="small"
          pagination={false}
          tableLayout="fixed"
          rowKey={([name]) => name}
          dataSource={parameters}
          columns={[
            {
              title: t('operator.parameter'),
              width: '13%',
              render: (_, [name]) => <span className="mono">{name}</span>,
            },
            { title: t('operator.meaning'), render: (_, [, parameter]) => meaningOf(parameter, side) },
            { title: t('operator.type'), width: '9%', render: (_, [, parameter]) => parameter.type ?? '' },
            {
              title: t('operator.standard'),
              width: '22%',
              render: (_, [name, parameter]) =>
                isRequired(one, name) ? (
                  t('operator.required')
                ) : (
                  <code style={{ overflowWrap: 'anywhere' }}>{JSON.stringify(parameter.default)}</code>
                ),
            },
            { title: t('operator.bounds'), render: (_, [, parameter]) => bounds(parameter, side) },
          ]}
        />
      )}
      <Snippet sources={[{ label: 'YAML', code: yamlOf(one) }]} />
    </Space>
  )
}

/** Every operator as it is declared: parameters, columns, cost, identity. */
export function Component() {
  const { t } = useTranslation('data')
  const { parts, side } = useNames()
  const [search, setSearch] = useSearchParams()
  const set = (name: string, value?: string) => {
    const next = new URLSearchParams(search)
    if (value) next.set(name, value)
    else next.delete(name)
    setSearch(next, { replace: true })
  }
  const [modality, kind, text] = ['modality', 'kind', 'text'].map((name) => search.get(name))
  const rows = (parts?.operators ?? []).filter(
    (one) =>
      (!modality || one.modality === modality) &&
      (!kind || one.kind === kind) &&
      (!text ||
        `${one.name} ${one.title.join(' ')} ${one.summary.join(' ')} ${one.writes.join(' ')}`
          .toLowerCase()
          .includes(text.toLowerCase())),
  )
  return (
    <Page title={t('operator.title')} description={t('operator.description')}>
      <Space wrap style={{ marginBottom: 16 }}>
        <Input.Search
          allowClear
          aria-label={t('operator.search')}
          placeholder={t('operator.search')}
          defaultValue={text ?? ''}
          onChange={(event) => set('text', event.target.value)}
        />
        <Select
          allowClear
          aria-label={t('operator.modality')}
          placeholder={t('operator.modality')}
          value={modality}
          style={{ minWidth: 120 }}
          onChange={(value: string | undefined) => set('modality', value)}
          options={MODALITIES.map((value) => ({ value, label: t(`operator.modalities.${value}`) }))}
        />
        <Select
          allowClear
          aria-label={t('operator.kind')}
          placeholder={t('operator.kind')}
          value={kind}
          style={{ minWidth: 120 }}
          onChange={(value: string | undefined) => set('kind', value)}
          options={(['map', 'stat'] as const).map((value) => ({
            value,
            label: t(`pipelines.operatorKind.${value}`),
          }))}
        />
        <span className="faint">{t('operator.count', { count: rows.length })}</span>
      </Space>
      <Table<Operator>
        aria-label={t('operator.title')}
        loading={!parts}
        rowKey="name"
        dataSource={rows}
        pagination={{ pageSize: 25, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 860 }}
        expandable={{ expandedRowRender: (one) => <Declaration one={one} />, expandRowByClick: true }}
        columns={[
          {
            title: t('operator.name'),
            render: (_, one) => (
              <>
                {one.title[side]} <span className="faint mono">{one.name}</span>
                {one.always && <Tag style={{ marginInlineStart: 8 }}>{t('operator.always')}</Tag>}
              </>
            ),
          },
          { title: t('operator.modality'), render: (_, one) => t(`operator.modalities.${one.modality}`) },
          { title: t('operator.kind'), render: (_, one) => t(`pipelines.operatorKind.${one.kind}`) },
          { title: t('operator.reads'), render: (_, one) => <span className="mono">{one.reads.join(', ')}</span> },
          { title: t('operator.cost'), align: 'right', render: (_, one) => `${one.cost} MB/s` },
          { title: t('operator.version'), align: 'right', dataIndex: 'version' },
          { title: t('operator.identity'), render: (_, one) => <span className="mono">{one.identity ?? '—'}</span> },
        ]}
      />
    </Page>
  )
}
