import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import styles from './Media.module.css'

interface Peaks {
  seconds: number
  peaks: [number, number][]
}

function peaksOf(value: unknown): Peaks {
  const held = value as Partial<Peaks> | null
  return { seconds: held?.seconds ?? 0, peaks: Array.isArray(held?.peaks) ? held.peaks : [] }
}

async function fetched(address: string): Promise<Peaks> {
  const answer = await fetch(address, { credentials: 'same-origin' })
  if (!answer.ok) throw new Error(`${answer.status}`)
  return peaksOf(await answer.json())
}

/** The outline of a sound, drawn from the peaks that the pipeline stored. */
export function Waveform({ address, label }: { address: string; label: string }) {
  const { t } = useTranslation('data')
  const query = useQuery({
    queryKey: ['waveform', address],
    queryFn: () => fetched(address),
    enabled: address !== '',
    staleTime: Infinity,
    retry: false,
  })
  const peaks = query.data?.peaks ?? []
  if (address === '' || query.isError || (query.data && peaks.length === 0))
    return <div className={styles.nothing}>{t('media.noPreview')}</div>
  return (
    <svg
      className={styles.wave}
      viewBox={`0 -128 ${Math.max(peaks.length, 1)} 256`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {peaks.map(([low, high], place) => (
        <rect key={place} x={place} y={-high} width={0.8} height={Math.max(high - low, 1.5)} />
      ))}
    </svg>
  )
}
