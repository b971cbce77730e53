import { Alert, Table } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Bytes, Count, Hash, Percent } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { paramsOf, type CorpusPlace } from './place'

type Entry = Got<'/api/v1/data/datasets/{owner}/{name}/contributions'>['entries'][number]
type Share = Entry['shares'][number]

function Shares({ entry }: { entry: Entry }) {
  const { t } = useTranslation('data')
  return (
    <Table
      size="small"
      pagination={{ pageSize: 20, hideOnSinglePage: true }}
      rowKey="source"
      dataSource={entry.shares}
      columns={[
        {
          title: t('sources.title'),
          render: (_, row) => (
            <>
              {row.title} <span className="faint mono">{row.source}</span>
            </>
          ),
        },
        { title: t('sources.licence'), dataIndex: 'licence' },
        { title: t('account.documents'), align: 'right', render: (_, row) => <Count value={row.documents} /> },
        { title: t('account.first'), align: 'right', render: (_, row) => <Count value={row.first_documents} /> },
        entry.shares.some((one) => typeof one.first_bytes === 'number')
          ? { title: t('account.bytes'), align: 'right', render: (_, row) => <Bytes value={row.first_bytes ?? 0} /> }
          : {
              title: t('quality.characters'),
              align: 'right',
              render: (_, row) => <Count value={row.first_characters ?? 0} />,
            },
        ...(entry.shares.some((one) => typeof one.first_tokens === 'number')
          ? [
              {
                title: t('account.tokens'),
                align: 'right' as const,
                render: (_: unknown, row: Share) => <Count value={row.first_tokens ?? 0} />,
              },
            ]
          : []),
        { title: t('run.share'), align: 'right', render: (_, row) => <Percent ratio={row.share} digits={2} /> },
        {
          title: t('account.weighted'),
          align: 'right',
          render: (_, row) => <Percent ratio={row.weighted_share} digits={2} />,
        },
      ]}
    />
  )
}

/** Who contributed what, version by version, as a chain that anybody can recompute. */
export function ContributionsView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/contributions', { params: paramsOf(place) })
  if (query.error) return <EmptyState title={t('account.none')}>{<ProblemView error={query.error} />}</EmptyState>
  if (!query.data) return <div style={{ minHeight: 240 }} />
  return (
    <div className="stack">
      <Alert
        type={query.data.valid ? 'success' : 'error'}
        showIcon
        title={t(query.data.valid ? 'account.valid' : 'account.broken')}
      />
      {query.data.entries.map((entry, index) => (
        <Section
          key={entry.hash}
          flush
          title={index === 0 ? t('account.now') : <Hash value={entry.content} length={12} />}
          note={
            <>
              {t('account.link')} <Hash value={entry.hash} length={12} /> ← <Hash value={entry.previous} length={12} />
            </>
          }
        >
          <Shares entry={entry} />
        </Section>
      ))}
      <Snippet
        sources={[
          {
            label: 'CLI',
            code: `ceyuan data use contributions ${place.owner}/${place.name}\nceyuan data use recount ${place.owner}/${place.name}  # ${t('account.recount')}\nceyuan data use croissant ${place.owner}/${place.name}`,
          },
        ]}
      />
    </div>
  )
}
