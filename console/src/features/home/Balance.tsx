import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import { useOrganisation } from '@/features/organisation/useOrganisation'
import { Money, Stat, Stats } from '@/ui/Figures'

/** What the organisation can spend. */
export function Balance() {
  const { t } = useTranslation('home')
  const place = useOrganisation()
  const { data } = $api.useQuery(
    'get',
    '/api/v1/metering/organisations/{organisation}/balance',
    { params: { path: { organisation: place?.id ?? '' } } },
    { enabled: place !== undefined, retry: false },
  )
  if (!place || !data) return null
  const low = data.available_micro < data.low_balance_micro
  return (
    <Stats>
      <Stat
        label={<Link to="/billing">{t('balance.available', { place: place.label })}</Link>}
        value={<Money micro={data.available_micro} />}
        tone={low ? 'bad' : 'plain'}
        note={low ? t('balance.low') : undefined}
      />
      <Stat
        label={<Link to="/programmes/vouchers">{t('balance.vouchers')}</Link>}
        value={<Money micro={data.wallets_micro} />}
        note={t('balance.count', { count: data.wallets })}
      />
      <Stat label={t('balance.held')} value={<Money micro={data.held_micro} />} />
    </Stats>
  )
}
