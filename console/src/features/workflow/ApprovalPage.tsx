import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api } from '@/api/client'
import { useBilingual } from '@/lib/text'
import { ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Page } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { KIND_TONES } from './ApprovalsPage'
import { Objections } from './Objections'
import { Reviews } from './Reviews'
import { WorkflowPanel } from './WorkflowPanel'

/** One case of any workflow: its way, its reviewers, its objections. */
export function Component() {
  const { t } = useTranslation('workflow')
  const text = useBilingual()
  const { instanceId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/workflows/instances/{instance_id}', {
    params: { path: { instance_id: instanceId } },
  })
  if (query.error) return <ProblemView page error={query.error} />
  const instance = query.data
  if (!instance) return <Loading />
  return (
    <Page
      title={text(instance, 'title')}
      description={text(instance, 'definition')}
      crumbs={[{ label: t('approvals.title'), to: '/approvals' }, { label: text(instance, 'title') }]}
      badges={<Status value={instance.state} tone={KIND_TONES[instance.kind]} label={text(instance, 'label')} />}
      actions={instance.link && <Link to={instance.link}>{t('subject')}</Link>}
    >
      <WorkflowPanel instanceId={instance.id} onMoved={() => query.refetch()} />
      <Reviews instance={instance} onCast={() => query.refetch()} />
      <Objections instance={instance} />
    </Page>
  )
}
