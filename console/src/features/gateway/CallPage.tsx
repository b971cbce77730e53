import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api } from '@/api/client'
import { serves, useSession } from '@/app/session'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Count, Hash, Money, Stat, Stats, Time } from '@/ui/Figures'
import { Json } from '@/ui/Json'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { Settlement } from './Settlement'
import { CALL_TONES } from './tones'

export function Component() {
  const { t } = useTranslation('gateway')
  const { callId = '' } = useParams()
  const operator = serves(useSession(), 'operator')
  const query = $api.useQuery('get', '/api/v1/gateway/calls/{call_id}', { params: { path: { call_id: callId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const call = query.data
  if (!call) return <Loading />
  return (
    <Page
      title={t('calls.one')}
      heading={call.model}
      crumbs={[{ label: t('calls.title'), to: '/models/calls' }, { label: call.id }]}
      actions={call.in_doubt && operator && <Settlement call={call} onSettled={query.refetch} />}
      badges={
        <Status
          value={call.status}
          tone={CALL_TONES[call.status] ?? 'neutral'}
          label={t(`callStatus.${call.status}`, { defaultValue: call.status })}
        />
      }
    >
      <Stats>
        <Stat label={t('calls.input')} value={<Count value={call.prompt_tokens} />} />
        <Stat label={t('calls.output')} value={<Count value={call.completion_tokens} />} />
        <Stat label={t('calls.first')} value={call.first_ms === null ? '—' : `${Math.round(call.first_ms)} ms`} />
        <Stat label={t('calls.latency')} value={`${Math.round(call.total_ms)} ms`} />
        <Stat label={t('calls.cost')} value={<Money micro={call.cost_micro} />} />
      </Stats>
      <Section title={t('calls.facts')}>
        <Facts
          columns={2}
          facts={[
            { label: 'ID', value: <Hash value={call.id} length={30} /> },
            { label: t('calls.at'), value: <Time value={call.at} full /> },
            { label: t('calls.key'), value: <code>{call.key_id}</code> },
            { label: t('calls.upstream'), value: call.upstream },
            { label: t('calls.revision'), value: call.revision },
            {
              label: t('calls.http'),
              value: (
                <>
                  {call.http_status} <code>{call.code}</code>
                </>
              ),
            },
            { label: t('calls.promptHash'), value: <Hash value={call.prompt_sha256} length={16} /> },
            { label: t('calls.answerHash'), value: <Hash value={call.answer_sha256} length={16} /> },
            {
              label: t('calls.usageFrom'),
              value: (
                <>
                  {call.usage_from}
                  {call.in_doubt && ` · ${t('calls.inDoubt')}`}
                </>
              ),
            },
            { label: t('errors.words'), value: call.upstream_words || null },
            { label: t('calls.scenario'), value: call.scenario || null },
          ]}
        />
      </Section>
      {call.verdicts.length > 0 && (
        <Section title={t('calls.verdicts')}>
          <Json value={call.verdicts} />
        </Section>
      )}
      <Section title={t('calls.content')}>
        {call.body ? (
          <div className="stack">
            <Json value={call.body.prompt} />
            <p style={{ whiteSpace: 'pre-wrap' }}>{call.body.answer}</p>
          </div>
        ) : (
          <p className="soft">{t('calls.notKept')}</p>
        )}
      </Section>
    </Page>
  )
}
