import type { Element } from '@/api/types'

export type Point = Element<'/api/v1/metering/organisations/{organisation}/usage/statistics'>

export interface Sum {
  name: string
  input: number
  output: number
  requests: number
  costMicro: number
  byBucket: Record<string, Record<Measure, number>>
}

/** What a chart can show: money in yuan, tokens in and out, calls. */
export type Measure = 'cost' | 'tokens' | 'requests'

const COUNTED: Record<string, 'input' | 'output' | 'requests'> = {
  'gateway.tokens.input': 'input',
  'gateway.tokens.output': 'output',
  'gateway.requests': 'requests',
}

/** Sums of the gateway's usage by one dimension, the dearest first, then what used most; `points` are grouped by it and
 * by resource. */
export function sumsOf(points: Point[], dimension: string): { sums: Sum[]; buckets: string[] } {
  const sums = new Map<string, Sum>()
  for (const point of points) {
    const resource = point.dimensions.resource ?? ''
    if (!resource.startsWith('gateway.')) continue
    const name = point.dimensions[dimension] || '—'
    const sum = sums.get(name) ?? { name, input: 0, output: 0, requests: 0, costMicro: 0, byBucket: {} }
    const counted = COUNTED[resource]
    const at = (sum.byBucket[point.bucket] ??= { cost: 0, tokens: 0, requests: 0 })
    if (counted) {
      sum[counted] += Number(point.quantity)
      at[counted === 'requests' ? 'requests' : 'tokens'] += Number(point.quantity)
    }
    sum.costMicro += point.cost_micro
    at.cost += point.cost_micro / 1e6
    sums.set(name, sum)
  }
  const buckets = [...new Set(points.map((point) => point.bucket))].sort()
  return { sums: [...sums.values()].sort((a, b) => b.costMicro - a.costMicro || b.output - a.output), buckets }
}
