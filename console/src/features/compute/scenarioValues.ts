import type { Got } from '@/api/types'

import { blankScenario, type ScenarioBody } from './study'

export type Fleet = Got<'/api/v1/compute/twin/fleet'>

/** A scenario as its form holds it. */
export interface ScenarioValues {
  name: string
  placing: ScenarioBody['placing']
  order: ScenarioBody['order']
  load: number
  more?: { place: string; count: number }[]
  without?: string[]
  cut?: string[]
  prices?: { target: string; factor: number }[]
  carbon?: { target: string; factor: number }[]
  faster?: { pair: string; gbps: number; yuan_per_gb?: number }[]
  outages?: { place: string; from_h: number; to_h: number }[]
  shares?: string
}

export const shown = (scenario: ScenarioBody): ScenarioValues => ({
  name: scenario.name,
  placing: scenario.placing,
  order: scenario.order,
  load: scenario.load,
  more: scenario.more_nodes.map((row) => ({ place: row.place, count: row.count })),
  without: scenario.without,
  cut: scenario.cut.map(([one, other]) => `${one} – ${other}`),
  prices: Object.entries(scenario.prices).map(([target, factor]) => ({ target, factor })),
  carbon: Object.entries(scenario.carbon).map(([target, factor]) => ({ target, factor })),
  faster: scenario.faster.map(({ one, other, gbps, yuan_per_gb }) => ({
    pair: [one, other].sort().join(' – '),
    gbps,
    yuan_per_gb,
  })),
  outages: scenario.outages,
  shares: scenario.shares ? JSON.stringify(scenario.shares) : '',
})

/** A scenario as the platform takes it; nodes that are added are like those that the place has. */
export function sent(values: ScenarioValues, fleet: Fleet): ScenarioBody {
  const more = (values.more ?? []).flatMap(({ place, count }) => {
    const like = fleet.nodes.find((row) => row.place === place)
    if (!like) return []
    const { cpus, accelerator, accelerators } = like
    const memory = like.memory_mib / 1024
    const rest = { region: '', price: [0], core_price: [0], pue: 1.3, carbon: [537] }
    return [{ place, count, cpus, memory_gib: memory, accelerator, accelerators, ...rest }]
  })
  return {
    ...blankScenario(values.name),
    placing: values.placing,
    order: values.order,
    load: values.load,
    more_nodes: more,
    without: values.without ?? [],
    cut: (values.cut ?? []).map((pair) => pair.split(' – ') as [string, string]),
    prices: Object.fromEntries((values.prices ?? []).map((row) => [row.target, row.factor])),
    carbon: Object.fromEntries((values.carbon ?? []).map((row) => [row.target, row.factor])),
    faster: (values.faster ?? []).map((row) => {
      const [one = '', other = ''] = row.pair.split(' – ')
      return { one, other, gbps: row.gbps, yuan_per_gb: row.yuan_per_gb ?? 0 }
    }),
    outages: values.outages ?? [],
    shares: values.shares?.trim() ? (JSON.parse(values.shares) as ScenarioBody['shares']) : null,
  }
}
