/** The figures of an evaluation run, as its summary holds them. */
export interface Estimate {
  value: number
  low: number
  high: number
  n?: number
}

export interface ModelFigures {
  model: string
  accuracy: Estimate
  families: Record<string, Estimate>
  latency_ms: Estimate
  faults: number
}

export interface PairFigures {
  first: string
  second: string
  difference: Estimate
  p_value: number
}

export interface PerplexityFigures extends Estimate {
  model: string
  dataset?: string
  documents: number
  bits_per_character: number
}

export interface Summary {
  items: number
  chance: number
  models: ModelFigures[]
  pairs: PairFigures[]
  perplexity: PerplexityFigures[]
}

export function summaryOf(summary: Record<string, unknown> | null): Summary | null {
  return summary && 'models' in summary ? (summary as unknown as Summary) : null
}
