import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api } from '@/api/client'
import { WorkflowPanel } from '@/features/workflow/WorkflowPanel'
import { useBilingual } from '@/lib/text'
import { ProblemView } from '@/ui/Feedback'
import { Count, Stat, Stats, Time } from '@/ui/Figures'
import { Json } from '@/ui/Json'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

import { IncidentState, Severity } from './IncidentsPage'

export function Component() {
  const { t } = useTranslation('monitoring')
  const text = useBilingual()
  const { incidentId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/monitoring/incidents/{incident_id}', {
    params: { path: { incident_id: incidentId } },
  })
  if (query.error) return <ProblemView page error={query.error} />
  const incident = query.data
  if (!incident) return <Loading />
  return (
    <Page
      title={text(incident, 'title')}
      crumbs={[{ label: t('incidents.title'), to: '/governance/incidents' }, { label: text(incident, 'title') }]}
      badges={
        <>
          <IncidentState state={incident.state} />
          <Severity severity={incident.severity} />
        </>
      }
    >
      <Stats>
        <Stat
          label={t(`metric.${incident.metric}`, { defaultValue: incident.metric })}
          value={<Count value={incident.value} />}
          note={t('atOpening')}
        />
        <Stat label={t('highest')} value={<Count value={incident.highest} />} tone="bad" />
        <Stat label={t('threshold')} value={<Count value={incident.threshold} />} />
        <Stat label={t('column.opened')} value={<Time value={incident.opened_at} />} />
      </Stats>
      <WorkflowPanel instanceId={incident.workflow_id} onMoved={() => query.refetch()} />
      <Section title={t('evidence')}>
        <Json value={incident.evidence} />
      </Section>
    </Page>
  )
}
