/** What a run's summary tells, while it runs and afterwards; a figure that is not there yet is undefined. */
export interface Figures {
  step?: number
  loss?: number
  heldoutLoss?: number
  perplexity?: number
  tokensPerSecond?: number
  etaSeconds?: number
  parameters?: number
}

/** A figure, bare or with its interval (`{ value, low, high }`). */
function number(figure: unknown): number | undefined {
  const value: unknown = typeof figure === 'object' && figure !== null && 'value' in figure ? figure.value : figure
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function figuresOf(summary: Record<string, unknown> | null | undefined): Figures {
  if (!summary) return {}
  const heldoutLoss = number(summary.heldout_loss)
  return {
    step: number(summary.step) ?? number(summary.steps),
    loss: number(summary.loss),
    heldoutLoss,
    perplexity: number(summary.perplexity) ?? (heldoutLoss === undefined ? undefined : Math.exp(heldoutLoss)),
    tokensPerSecond: number(summary.tokens_per_second),
    etaSeconds: number(summary.eta_s),
    parameters: number(summary.parameters),
  }
}
