/** The examples that a pipeline keeps of what it did. */
export interface ChangedSample {
  id: string
  domain: string
  before: string
  after: string
}

export interface KeptSample {
  id: string
  domain: string
  text: string
}

export interface DroppedSample extends KeptSample {
  statistics: Record<string, number>
  duplicate_of?: string
  similarity?: number
  kept_text?: string
}

export interface Samples {
  changed: ChangedSample[]
  kept: Record<string, KeptSample[]>
  dropped: Record<string, DroppedSample[]>
}

export function samplesOf(value: Record<string, unknown> | undefined): Samples | null {
  return value && 'changed' in value && 'dropped' in value ? (value as unknown as Samples) : null
}

export interface Distribution {
  quantiles: Record<string, number>
  edges: number[]
  documents: number[]
  kept: number[]
}

export type Distributions = Record<string, Record<string, Distribution>>
