import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Element, Got } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { formatMoney, formatNumber } from '@/lib/format'
import { useBilingual } from '@/lib/text'

import { drawn, toTheEast } from './fleetMapPlaces'
import styles from './Compute.module.css'

type Region = Element<'/api/v1/compute/regions'>
type Pool = Got<'/api/v1/compute/overview'>['pools'][number]
type Link = Got<'/api/v1/compute/links'>['links'][number]

const WIDTH = 900
const HEIGHT = 340

/** Held and whole amounts of the pools of a region: accelerators where it has any, else processors. */
function useTold() {
  const { t } = useTranslation('overview')
  return (region: string, pools: Pool[], named: (name: string) => string) => {
    const sums = new Map<string, { held: number; capacity: number }>()
    for (const row of pools.flatMap((pool) => pool.resources)) {
      const sum = sums.get(row.name) ?? { held: 0, capacity: 0 }
      sums.set(row.name, { held: sum.held + row.held, capacity: sum.capacity + row.capacity })
    }
    const parts = [...sums].map(([name, sum]) => t('map.held', { name: named(name), ...sum }))
    return t('map.told', { region, what: parts.join(', ') || t('map.nothing') })
  }
}

/** Pools by region at their places, what of them is held, and the links between the regions. */
export function FleetMap({
  regions,
  pools,
  links,
  chosen,
  named,
  onChoose,
}: {
  regions: Region[]
  pools: Pool[]
  links: Link[]
  chosen: string | undefined
  named: (name: string) => string
  onChoose: (region: string | null) => void
}) {
  const { t } = useTranslation('overview')
  const { language } = usePreferences()
  const text = useBilingual()
  const told = useTold()
  const { dots, lines } = drawn(regions, pools, links, WIDTH, HEIGHT)
  const label = (name: string) => {
    const region = regions.find((each) => each.name === name)
    return region ? text(region, 'label') : name
  }
  return (
    <div className={styles.mapFrame} ref={toTheEast}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={styles.map} role="group" aria-label={t('map.label')}>
        {lines.map((line) => {
          const words = line.links
            .map((link) =>
              t('map.link', {
                one: label(link.source),
                other: label(link.target),
                gbps: formatNumber(link.gbps, language),
                price: formatMoney(link.price_micro, language),
              }),
            )
            .join('; ')
          return (
            <Tooltip key={line.key} title={words}>
              <g className={styles.link} role="img" aria-label={words}>
                <line x1={line.x1} y1={line.y1} x2={line.x2} y2={line.y2} strokeWidth={line.width} />
                <text x={(line.x1 + line.x2) / 2} y={(line.y1 + line.y2) / 2 - 5} textAnchor="middle">
                  {formatNumber(Math.max(...line.links.map((link) => link.gbps)), language)}
                </text>
              </g>
            </Tooltip>
          )
        })}
        {dots.map((dot) => {
          const words = told(label(dot.region.name), dot.pools, named)
          const choose = () => onChoose(dot.region.name === chosen ? null : dot.region.name)
          return (
            <Tooltip key={dot.region.name} title={words}>
              <g
                className={styles.place}
                data-full={dot.pools.length > 0}
                data-ring={dot.region.ring}
                role="button"
                tabIndex={0}
                aria-label={words}
                aria-pressed={dot.region.name === chosen}
                onClick={choose}
                onKeyDown={(event) => (event.key === 'Enter' || event.key === ' ') && choose()}
              >
                <circle cx={dot.x} cy={dot.y} r={dot.radius} opacity={0.35} />
                {dot.used > 0 && <circle cx={dot.x} cy={dot.y} r={dot.radius * Math.sqrt(dot.used)} />}
                <text x={dot.x} y={dot.y + dot.radius + 15} textAnchor="middle">
                  {label(dot.region.name)}
                  {dot.pools.length > 0 && ` ${formatNumber(100 * dot.used, language, 0)} %`}
                </text>
              </g>
            </Tooltip>
          )
        })}
      </svg>
    </div>
  )
}
