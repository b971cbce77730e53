import type { Got, Sent } from '@/api/types'

export type Study = Got<'/api/v1/compute/twin/studies/{study_id}'>
export type StudyBody = Sent<'/api/v1/compute/twin/studies'>
export type Plan = StudyBody['plan']
export type ScenarioBody = Plan['scenarios'][number]

interface Spread {
  mean: number | null
  p50: number | null
  p90: number | null
  p95: number | null
  p99: number | null
  max: number | null
}

export const PERCENTILES = ['p50', 'p90', 'p95', 'p99'] as const

/** What came of one scenario, as the engine writes it. */
export interface Result {
  name: string
  tick_s: number
  totals: {
    tasks: number
    done: number
    late: number
    over_limit: number
    waiting: number
    moves: number
    wait_s: Spread
    cost_yuan: number
    copy_yuan: number
    copied_gb: number
    energy_kwh: number
    carbon_kg: number
  }
  resources: Record<string, { capacity: number; utilisation: number }>
  owners: { owner: string; tasks: number; hours: number; cost_yuan: number; wait_s: Spread }[]
  places: {
    place: string
    region: string
    capacity: number
    runs: number
    hours: number
    utilisation: number
    cost_yuan: number
    carbon_kg: number
  }[]
  series: {
    step_s: number
    used: Record<string, number[]>
    queue: number[]
    cost_yuan: number[]
    carbon_kg: number[]
  }
}

export const resultsOf = (study: Study) => study.results as unknown as Result[]

export const planOf = (study: Study) => study.plan as unknown as Plan

/** Names of the figures of a fleet that nobody declared, each once. */
export function assumedOf(places: { assumed: string[] }[]): string[] {
  return [...new Set(places.flatMap((place) => place.assumed))].sort()
}

export const blankScenario = (name: string): ScenarioBody => ({
  name,
  placing: 'platform',
  order: 'fair',
  learns: true,
  load: 1,
  more_nodes: [],
  without: [],
  shares: null,
  cut: [],
  faster: [],
  prices: {},
  carbon: {},
  outages: [],
})
