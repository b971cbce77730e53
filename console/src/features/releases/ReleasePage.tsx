import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api } from '@/api/client'
import { WorkflowPanel } from '@/features/workflow/WorkflowPanel'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Decimal, Percent, Time } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { RevisionLink } from '@/ui/RevisionLink'

import { Gates } from './Gates'
import { ReleaseState } from './ReleasesPage'

const figure = (criteria: Record<string, unknown>, name: string): number | null => {
  const value = criteria[name]
  return typeof value === 'number' ? value : null
}

export function Component() {
  const { t } = useTranslation('releases')
  const { releaseId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/releases/{release_id}', { params: { path: { release_id: releaseId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const release = query.data
  if (!release) return <Loading />
  return (
    <Page
      title={release.served ?? release.model}
      crumbs={[{ label: t('title'), to: '/models/releases' }, { label: release.served ?? release.model }]}
      badges={<ReleaseState state={release.state} />}
    >
      <div className="grid-aside">
        <div className="stack">
          <Section title={t('gate.title')} note={t('gate.note')}>
            <Gates gates={release.gates} />
          </Section>
          <WorkflowPanel instanceId={release.workflow_id} onMoved={() => query.refetch()} />
        </div>
        <Section title={t('facts')}>
          <Facts
            facts={[
              { label: t('column.model'), value: <RevisionLink reference={release.model} /> },
              { label: t('new.served'), value: release.served },
              {
                label: t('new.perplexity'),
                value:
                  figure(release.criteria, 'max_perplexity') === null ? null : (
                    <Decimal value={figure(release.criteria, 'max_perplexity')} />
                  ),
              },
              {
                label: t('new.accuracy'),
                value:
                  figure(release.criteria, 'min_accuracy') === null ? null : (
                    <Percent ratio={figure(release.criteria, 'min_accuracy')} />
                  ),
              },
              { label: t('column.created'), value: <Time value={release.created_at} full /> },
              {
                label: t('column.decided'),
                value: release.decided_at ? <Time value={release.decided_at} full /> : null,
              },
              { label: t('new.note'), value: release.note || null },
            ]}
          />
        </Section>
      </div>
    </Page>
  )
}
