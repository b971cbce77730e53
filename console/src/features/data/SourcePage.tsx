import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api } from '@/api/client'
import { LineageView } from '@/features/lineage/LineageView'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Time } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

export function Component() {
  const { t } = useTranslation('data')
  const { sourceId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/data/sources/{source_id}', { params: { path: { source_id: sourceId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const source = query.data
  if (!source) return <Loading />
  return (
    <Page
      title={source.title || source.key}
      description={source.description}
      crumbs={[{ label: t('sources.title'), to: '/data/sources' }, { label: source.title || source.key }]}
    >
      <Section>
        <Facts
          columns={2}
          facts={[
            { label: t('sources.key'), value: <code>{source.key}</code> },
            { label: t('sources.kind'), value: t(`kind.${source.kind}`) },
            { label: t('sources.location'), value: <code>{source.location}</code> },
            { label: t('sources.licence'), value: source.licence || '—' },
            { label: t('sources.origin'), value: source.origin || '—' },
            { label: t('sources.domain'), value: source.domain || '—' },
            { label: t('sources.documents'), value: <Count value={source.documents} /> },
            { label: t('sources.rejected'), value: <Count value={source.rejected} /> },
            { label: t('sources.collected'), value: <Time value={source.collected_at} full /> },
            { label: t('sources.evidence'), value: source.evidence || '—' },
          ]}
        />
      </Section>
      <LineageView node={`source:${source.id}`} />
    </Page>
  )
}
