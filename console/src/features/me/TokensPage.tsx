import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { TokenTable } from '@/features/tokens/TokenTable'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

export function Component() {
  const { t } = useTranslation('me')
  const query = $api.useQuery('get', '/api/v1/tokens', { params: { query: { limit: 100 } } })
  return (
    <Page title={t('tokens.title')} description={t('tokens.description')}>
      <TokenTable
        query={query}
        onCreate={async ({ name, scopes, expires_at }) =>
          (await api.POST('/api/v1/tokens', { body: { name, scopes, expires_at } })).data
        }
        onRevoke={(id) => api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: id } } })}
      />
      <Snippet
        sources={[
          { label: 'CLI', code: `ceyuan login --url ${location.origin}` },
          { label: 'HTTP', code: `curl -H "Authorization: Bearer cyk_…" ${location.origin}/api/v1/me` },
          {
            label: 'OpenAI',
            code: `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="cyk_…")`,
          },
        ]}
      />
    </Page>
  )
}
