import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { useBilingual } from '@/lib/text'
import { Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'

/** Accounts of single sign-on providers that lead to this person. */
export function LinkedAccounts() {
  const { t } = useTranslation('me')
  const text = useBilingual()
  const { data: options } = $api.useQuery('get', '/api/v1/auth/options')
  const linked = $api.useQuery('get', '/api/v1/me/sign-on')
  const accounts = linked.data ?? []
  const providers = options?.providers ?? []
  if (accounts.length === 0 && providers.length === 0) return null
  const link = async (provider: string) => {
    const { data } = await api.POST('/api/v1/me/sign-on/{provider}', { params: { path: { provider } } })
    if (data) location.assign(data.url)
  }
  const unlink = async (id: string) => {
    await api.DELETE('/api/v1/me/sign-on/{account_id}', { params: { path: { account_id: id } } })
    await linked.refetch()
  }
  return (
    <Section title={t('linked.title')}>
      <div className="stack" style={{ gap: 10 }}>
        {accounts.map((account) => (
          <div key={account.id} className="row between">
            <span>
              {account.provider} <Time value={account.created_at} />
            </span>
            <Button size="small" onClick={() => void unlink(account.id)}>
              {t('linked.remove')}
            </Button>
          </div>
        ))}
        {providers.map((provider) => (
          <Button key={provider.name} onClick={() => void link(provider.name)}>
            {t('linked.add', { name: text(provider, 'title') })}
          </Button>
        ))}
      </div>
    </Section>
  )
}
