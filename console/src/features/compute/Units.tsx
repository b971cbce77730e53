import { useTranslation } from 'react-i18next'

import { Count } from '@/ui/Figures'

import type { Offer } from './words'

/** How much an offer has: accelerators, or nodes where it has none. */
export function Units({ offer }: { offer: Pick<Offer, 'accelerator' | 'accelerators' | 'nodes'> }) {
  const { t } = useTranslation('compute')
  return offer.accelerator === 'cpu' ? t('nodeCount', { count: offer.nodes }) : <Count value={offer.accelerators} />
}
