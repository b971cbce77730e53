import type { Element } from '@/api/types'

export type Point = Element<'/api/v1/metering/organisations/{organisation}/usage/statistics'>

export interface Sum {
  name: string
  input: number
  output: number
  requests: number
  costMicro: number
  byBucket: Record<string, number>
}

const COUNTED: Record<string, 'input' | 'output' | 'requests'> = {
  'gateway.tokens.input': 'input',
  'gateway.tokens.output': 'output',
  'gateway.requests': 'requests',
}

/** Sums of the gateway's usage by one dimension, the dearest first; `points` are grouped by it and by resource. */
export function sumsOf(points: Point[], dimension: string): { sums: Sum[]; buckets: string[] } {
  const sums = new Map<string, Sum>()
  for (const point of points) {
    const resource = point.dimensions.resource ?? ''
    if (!resource.startsWith('gateway.')) continue
    const name = point.dimensions[dimension] || '—'
    const sum = sums.get(name) ?? { name, input: 0, output: 0, requests: 0, costMicro: 0, byBucket: {} }
    const counted = COUNTED[resource]
    if (counted) sum[counted] += Number(point.quantity)
    sum.costMicro += point.cost_micro
    sum.byBucket[point.bucket] = (sum.byBucket[point.bucket] ?? 0) + point.cost_micro
    sums.set(name, sum)
  }
  const buckets = [...new Set(points.map((point) => point.bucket))].sort()
  return { sums: [...sums.values()].sort((a, b) => b.costMicro - a.costMicro || b.output - a.output), buckets }
}
