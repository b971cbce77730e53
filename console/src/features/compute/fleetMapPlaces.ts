import type { Element, Got } from '@/api/types'

type Region = Element<'/api/v1/compute/regions'>
type Pool = Got<'/api/v1/compute/overview'>['pools'][number]
type Link = Got<'/api/v1/compute/links'>['links'][number]

export interface Dot {
  region: Region
  pools: Pool[]
  x: number
  y: number
  radius: number
  /** The part of the region's accelerators (or processors, where it has none) that is held. */
  used: number
}

export interface Line {
  key: string
  links: Link[]
  x1: number
  y1: number
  x2: number
  y2: number
  width: number
}

const MARGIN = 70

/** Where each region with pools or links stands in the drawing, which is cut to them, and the lines between them. */
export function drawn(
  regions: Region[],
  pools: Pool[],
  links: Link[],
  width: number,
  height: number,
): { dots: Dot[]; lines: Line[] } {
  const named = new Set([...pools.map((pool) => pool.region), ...links.flatMap((link) => [link.source, link.target])])
  const shown = regions.filter((region) => named.has(region.name))
  if (shown.length === 0) return { dots: [], lines: [] }
  const [west, east] = span(shown.map((region) => region.longitude))
  const [south, north] = span(shown.map((region) => region.latitude))
  const dots = shown.map((region) => {
    const there = pools.filter((pool) => pool.region === region.name)
    const rows = there.flatMap((pool) => pool.resources)
    const cards = rows.filter((row) => row.name !== 'cpus')
    const counted = cards.length > 0 ? cards : rows
    const capacity = counted.reduce((sum, row) => sum + row.capacity, 0)
    const held = counted.reduce((sum, row) => sum + row.held, 0)
    return {
      region,
      pools: there,
      x: MARGIN + ((region.longitude - west) / (east - west)) * (width - 2 * MARGIN),
      y: MARGIN / 2 + ((north - region.latitude) / (north - south)) * (height - 1.4 * MARGIN),
      radius: capacity > 0 ? Math.min(30, 10 + 5 * Math.log10(capacity)) : 6,
      used: capacity > 0 ? Math.min(1, held / capacity) : 0,
    }
  })
  const places = new Map(dots.map((dot) => [dot.region.name, dot]))
  const pairs = new Map<string, Link[]>()
  for (const link of links) {
    const key = [link.source, link.target].sort().join('/')
    pairs.set(key, [...(pairs.get(key) ?? []), link])
  }
  const lines = [...pairs].flatMap(([key, both]) => {
    const [one, other] = key.split('/').map((name) => places.get(name))
    if (!one || !other) return []
    const fastest = Math.max(...both.map((link) => link.gbps))
    const width = 1.5 + 1.5 * Math.max(0, Math.log10(fastest))
    return [{ key, links: both, x1: one.x, y1: one.y, x2: other.x, y2: other.y, width }]
  })
  return { dots, lines }
}

/** The least and the most, apart even where there is one value. */
function span(values: number[]): [number, number] {
  const least = Math.min(...values)
  const most = Math.max(...values)
  return most - least < 0.1 ? [least - 1, most + 1] : [least, most]
}

/** On a phone a map is wider than the page: it is shown from its eastern end, where most regions are. */
export const toTheEast = (frame: HTMLDivElement | null) => {
  if (frame) frame.scrollLeft = frame.scrollWidth
}
