import { useTranslation } from 'react-i18next'

import { Status, type Tone } from '@/ui/Status'

const TONES: Record<string, Tone> = { up: 'good', down: 'bad', unknown: 'neutral', empty: 'warn' }

export function HealthMark({ health }: { health: string }) {
  const { t } = useTranslation('tasks')
  return (
    <Status
      value={health}
      tone={TONES[health] ?? 'neutral'}
      label={t(`pools.healths.${health}`, { defaultValue: health })}
    />
  )
}

export function PoolState({ draining }: { draining: boolean }) {
  const { t } = useTranslation('tasks')
  return draining ? <Status value="draining" tone="warn" label={t('pools.draining')} /> : <Status value="active" />
}
