import { Drawer, Table, Timeline } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Decimal, Hash, Percent } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { RevisionLink } from '@/ui/RevisionLink'

import { useNames } from './names'
import { paramsOf, type CorpusPlace } from './place'

interface Related {
  id: string
  reason: string | null
  similarity: number | null
}

interface Traced {
  state: 'kept' | 'dropped' | 'absent'
  source?: string
  domain?: string
  reason_names?: [string, string] | null
  similarity?: number | null
  duplicate_of?: string | null
  cluster?: string | null
  split?: string | null
  content?: string
  title?: string | null
  text?: string | null
  licence?: string
  place: { file: string; row: number } | null
  evidence: { statistic: string; at_least: number | null; at_most: number | null; value: number | null } | null
  origin?: { origin: string; licence: string } | null
  operators?: { name: string; identity: string }[]
  statistics: { name: string; names: [string, string]; value: unknown; value_names?: [string, string] }[]
  related: Related[]
  history: { ref: string; state: string; reason: string | null }[]
  tombstone: { last: string } | null
}

function Way({ traced, onOpen }: { traced: Traced; onOpen: (id: string) => void }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const side = language === 'zh' ? 0 : 1
  const { parts } = useNames()
  const called = (name: string) => parts?.operators.find((one) => one.name === name)?.title[side] ?? name
  const steps = [
    { content: `${t('document.from')} ${traced.source ?? '—'} · ${traced.origin?.origin ?? ''}` },
    {
      content: (
        <>
          {t('document.through')}{' '}
          {(traced.operators ?? []).map((one, place) => (
            <span key={one.name} title={`${one.name}@${one.identity}`}>
              {place > 0 && ' → '}
              {called(one.name)} <code className="faint">{one.identity.slice(0, 8)}</code>
            </span>
          ))}
        </>
      ),
    },
    traced.evidence
      ? {
          color: 'red',
          content: (
            <>
              {t('document.failed')} <code>{traced.evidence.statistic}</code>{' '}
              <Decimal value={traced.evidence.value} digits={4} />
              {traced.evidence.at_least !== null && ` < ${String(traced.evidence.at_least)}`}
              {traced.evidence.at_most !== null && ` > ${String(traced.evidence.at_most)}`}
            </>
          ),
        }
      : null,
    traced.duplicate_of
      ? {
          color: 'red',
          content: (
            <>
              {t('document.duplicateOf')}{' '}
              <a onClick={() => onOpen(traced.duplicate_of ?? '')}>
                <code>{traced.duplicate_of}</code>
              </a>{' '}
              <Percent ratio={traced.similarity} />
            </>
          ),
        }
      : null,
    traced.place
      ? { color: 'green', content: `${t('document.lies')} ${traced.place.file} #${String(traced.place.row)}` }
      : { color: 'red', content: traced.reason_names?.[side] ?? t(`document.state.${traced.state}`) },
  ]
  return <Timeline items={steps.filter((step) => step !== null)} />
}

/** The way of one document: source, operators, why it stays or went, where it lies, and its earlier versions. */
export function DocumentTrace({
  place,
  id,
  onClose,
  onOpen,
}: {
  place: CorpusPlace
  id: string
  onClose: () => void
  onOpen: (id: string) => void
}) {
  const { t } = useTranslation('data')
  const names = useNames()
  const { language } = usePreferences()
  const params = paramsOf(place)
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/documents/trace', {
    params: { ...params, query: { ...params.query, id } },
  })
  const traced = query.data?.trace as unknown as Traced | undefined
  return (
    <Drawer open title={<code>{id}</code>} size="large" onClose={onClose}>
      {query.error !== null && <ProblemView error={query.error} />}
      {query.isPending && <Loading />}
      {traced && (
        <div className="stack">
          <Way traced={traced} onOpen={onOpen} />
          <Facts
            columns={2}
            facts={[
              { label: t('sources.domain'), value: traced.domain ? names.domain(traced.domain) : '—' },
              { label: t('sources.licence'), value: traced.licence ?? traced.origin?.licence ?? '—' },
              { label: t('document.split'), value: traced.split ?? '—' },
              { label: t('document.cluster'), value: traced.cluster ?? '—' },
              { label: t('version.content'), value: <Hash value={traced.content} length={12} /> },
              ...(traced.tombstone
                ? [{ label: t('document.gone'), value: <RevisionLink reference={traced.tombstone.last} /> }]
                : []),
            ]}
          />
          {traced.text && <p style={{ whiteSpace: 'pre-wrap' }}>{traced.text}</p>}
          <h3>{t('document.history')}</h3>
          <Table
            size="small"
            pagination={false}
            rowKey="ref"
            dataSource={traced.history}
            columns={[
              { title: t('version.version'), render: (_, row) => <RevisionLink reference={row.ref} /> },
              { title: t('pipelines.state'), render: (_, row) => t(`document.state.${row.state}`) },
              { title: t('quality.reason'), render: (_, row) => (row.reason ? names.reason(row.reason) : '—') },
            ]}
          />
          {traced.related.length > 0 && (
            <>
              <h3>{t('document.related')}</h3>
              <Table
                size="small"
                pagination={{ pageSize: 10, hideOnSinglePage: true }}
                rowKey="id"
                dataSource={traced.related}
                columns={[
                  {
                    title: t('document.id'),
                    render: (_, row) => (
                      <a onClick={() => onOpen(row.id)}>
                        <code>{row.id}</code>
                      </a>
                    ),
                  },
                  {
                    title: t('quality.reason'),
                    render: (_, row) => (row.reason ? names.reason(row.reason) : t('document.state.kept')),
                  },
                  { title: t('quality.similar'), render: (_, row) => <Percent ratio={row.similarity} /> },
                ]}
              />
            </>
          )}
          <h3>{t('document.statistics')}</h3>
          <Table
            size="small"
            pagination={false}
            rowKey="name"
            dataSource={traced.statistics}
            columns={[
              {
                title: t('document.statistic'),
                render: (_, row) => (
                  <>
                    {row.names[language === 'zh' ? 0 : 1]} <span className="faint mono">{row.name}</span>
                  </>
                ),
              },
              {
                title: t('document.value'),
                align: 'right',
                render: (_, row) =>
                  typeof row.value === 'number' ? (
                    <Decimal value={row.value} digits={4} />
                  ) : (
                    (row.value_names?.[language === 'zh' ? 0 : 1] ?? String(row.value ?? '—'))
                  ),
              },
            ]}
          />
        </div>
      )}
    </Drawer>
  )
}
