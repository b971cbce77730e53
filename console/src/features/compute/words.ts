import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import { useBilingual } from '@/lib/text'
import type { Tone } from '@/ui/Status'

export type Offer = Item<'/api/v1/compute/offers'>

export const TONES: Record<string, Tone> = {
  applied: 'active',
  verified: 'active',
  identified: 'active',
  published: 'good',
  live: 'good',
  admitted: 'good',
  degraded: 'warn',
  suspended: 'warn',
  refused: 'bad',
  retired: 'neutral',
}

/** Regions and accelerators change with the program, not while it runs. */
export function useRegions() {
  const text = useBilingual()
  const query = $api.useQuery('get', '/api/v1/compute/regions', {}, { staleTime: 60_000 })
  const name = (region: string) => {
    const found = query.data?.find((each) => each.name === region)
    return found ? text(found, 'label') : region
  }
  return { query, name, regions: query.data ?? [] }
}

export function useAccelerators() {
  const query = $api.useQuery('get', '/api/v1/compute/accelerators', {}, { staleTime: Infinity })
  return query.data ?? []
}

export function useVendors() {
  const { t } = useTranslation('compute')
  return (vendor: string) => t(`vendor.${vendor}`, { defaultValue: vendor })
}
