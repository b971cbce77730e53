import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router'

import { api } from '@/api/client'
import { useSessionQuery } from '@/app/sessionQuery'
import { ProblemView } from '@/ui/Feedback'
import { Facts } from '@/ui/Facts'
import { Time } from '@/ui/Figures'

import { Gate } from './Gate'

/** The link of an invitation: says what it offers; accepted with the present account or a new one. */
export function Component() {
  const { t } = useTranslation('access')
  const { t: common } = useTranslation()
  const [params] = useSearchParams()
  const token = params.get('token') ?? ''
  const navigate = useNavigate()
  const session = useSessionQuery()
  const [error, setError] = useState<unknown>(null)
  const offer = useQuery({
    queryKey: ['invitation', token],
    queryFn: async () => (await api.POST('/api/v1/invitations/look-up', { body: { token } })).data ?? null,
    retry: false,
  })
  const accept = async () => {
    try {
      await api.POST('/api/v1/invitations/accept', { body: { token } })
      await session.refetch()
      void navigate('/', { replace: true })
    } catch (problem) {
      setError(problem)
    }
  }
  const here = encodeURIComponent(`/invitation?token=${token}`)
  const invitation = offer.data
  return (
    <Gate title={t('invitation.title')}>
      <div className="stack" style={{ marginTop: 24 }}>
        {offer.error && <ProblemView error={offer.error} />}
        {invitation && (
          <Facts
            facts={[
              { label: t('invitation.to'), value: invitation.organisation_title ?? '策源 Ceyuan' },
              { label: t('invitation.role'), value: invitation.org_id ? common(`role.${invitation.role}`) : null },
              { label: t('invitation.by'), value: invitation.invited_by },
              { label: t('invitation.until'), value: <Time value={invitation.expires_at} full /> },
            ]}
          />
        )}
        {error !== null && <ProblemView error={error} />}
        {invitation && session.data && (
          <Button type="primary" size="large" block onClick={() => void accept()}>
            {t('invitation.acceptAs', { name: session.data.label })}
          </Button>
        )}
        {invitation && session.error && (
          <>
            <Button
              type="primary"
              size="large"
              block
              onClick={() => void navigate(`/sign-up?invitation=${encodeURIComponent(token)}`)}
            >
              {t('invitation.signUp')}
            </Button>
            <Link to={`/login?next=${here}`}>{t('invitation.signIn')}</Link>
          </>
        )}
      </div>
    </Gate>
  )
}
