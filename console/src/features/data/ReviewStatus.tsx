import { useTranslation } from 'react-i18next'

import { Status, type Tone } from '@/ui/Status'

const TONES: Record<string, Tone> = {
  preparing: 'active',
  open: 'active',
  closing: 'active',
  closed: 'good',
  failed: 'bad',
}

/** The state of a review in words. */
export function ReviewStatus({ state }: { state: string }) {
  const { t } = useTranslation('data')
  return <Status value={state} tone={TONES[state]} label={t(`review.state.${state}`)} />
}
