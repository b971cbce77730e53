import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Membership } from '@/app/session'
import { TokenTable } from '@/features/tokens/TokenTable'

import { OrganisationFrame } from './OrganisationFrame'

function Tokens({ organisation }: { organisation: Membership }) {
  const path = { organisation: organisation.id }
  const query = $api.useQuery('get', '/api/v1/organisations/{organisation}/tokens', {
    params: { path, query: { limit: 100 } },
  })
  return (
    <TokenTable
      service
      query={query}
      onCreate={async (body) =>
        (await api.POST('/api/v1/organisations/{organisation}/tokens', { params: { path }, body })).data
      }
      onRevoke={(id) =>
        api.DELETE('/api/v1/organisations/{organisation}/tokens/{token_id}', {
          params: { path: { ...path, token_id: id } },
        })
      }
    />
  )
}

export function Component() {
  const { t } = useTranslation('organisation')
  return (
    <OrganisationFrame title={t('tokens.title')} description={t('tokens.description')} shared>
      {(organisation) => <Tokens organisation={organisation} />}
    </OrganisationFrame>
  )
}
