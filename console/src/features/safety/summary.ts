export interface Rate {
  value: number
  low: number
  high: number
}

/** One part of a check: texts of the dataset, or answers of the models. */
export interface PartResult {
  part: string
  n: number
  failed: number
  for_review: number
  pass_rate: Rate
  needed: number
  passed: boolean
  clauses: Record<string, { failed: number; for_review: number }>
  detectors: Record<string, number>
  /** Of the part that people judged before: the signed report of the dataset's review. */
  review?: { report: string; signature: string }
}

export interface SafetySummary {
  passed: boolean
  version: string
  parts: PartResult[]
}

export function summaryOf(summary: Record<string, unknown> | null): SafetySummary | null {
  return summary && 'parts' in summary ? (summary as unknown as SafetySummary) : null
}
