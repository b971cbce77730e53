import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Element } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { formatMoney, formatNumber } from '@/lib/format'
import { useBilingual } from '@/lib/text'

import styles from './Compute.module.css'
import { toTheEast } from './fleetMapPlaces'

type Region = Element<'/api/v1/compute/regions'>

const WEST = 84
const EAST = 127
const SOUTH = 22.5
const NORTH = 45
const WIDTH = 900
const HEIGHT = 430

/** Where neighbours are close, the name stands to the right (1) or left (-1) of its dot, so much higher. */
const BESIDE: Record<string, { side: 1 | -1; up: number }> = {
  beijing: { side: -1, up: -10 },
  tianjin: { side: 1, up: -4 },
  hebei: { side: -1, up: 12 },
  jiangsu: { side: 1, up: 8 },
  anhui: { side: -1, up: -2 },
}

const x = (longitude: number) => ((longitude - WEST) / (EAST - WEST)) * WIDTH
const y = (latitude: number) => ((NORTH - latitude) / (NORTH - SOUTH)) * HEIGHT
const radius = (accelerators: number) => (accelerators ? 6 + 4 * Math.log10(accelerators) : 3)

function labelPlace({ name, longitude, latitude, accelerators }: Region) {
  const beside = BESIDE[name]
  const distance = radius(accelerators)
  if (!beside) return { x: x(longitude), y: y(latitude) + distance + 13, textAnchor: 'middle' as const }
  return {
    x: x(longitude) + beside.side * (distance + 4),
    y: y(latitude) + 4 - beside.up,
    textAnchor: beside.side === 1 ? ('start' as const) : ('end' as const),
  }
}

/** Published capacity by region: a dot for each at its place, as large as its accelerators are many. */
export function RegionMap({
  regions,
  chosen,
  onChoose,
}: {
  regions: Region[]
  chosen: string | undefined
  onChoose: (region: string | null) => void
}) {
  const { t } = useTranslation('compute')
  const { language } = usePreferences()
  const text = useBilingual()
  return (
    <div className={styles.mapFrame} ref={toTheEast}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={styles.map} role="group" aria-label={t('map.label')}>
        {regions.map((region) => {
          const label = text(region, 'label')
          const told = region.accelerators
            ? t('map.told', {
                region: label,
                accelerators: formatNumber(region.accelerators, language),
                offers: region.offers,
                price: formatMoney(region.cheapest_micro ?? 0, language),
              })
            : t('map.nothing', { region: label })
          const choose = () => onChoose(region.name === chosen ? null : region.name)
          return (
            <Tooltip key={region.name} title={told}>
              <g
                className={styles.place}
                data-full={region.accelerators > 0}
                data-ring={region.ring}
                role="button"
                tabIndex={0}
                aria-label={told}
                aria-pressed={region.name === chosen}
                onClick={choose}
                onKeyDown={(event) => (event.key === 'Enter' || event.key === ' ') && choose()}
              >
                <circle cx={x(region.longitude)} cy={y(region.latitude)} r={radius(region.accelerators)} />
                <text {...labelPlace(region)}>{label}</text>
              </g>
            </Tooltip>
          )
        })}
      </svg>
    </div>
  )
}
