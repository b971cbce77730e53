import type { components } from '@/api/schema'

export type Operator = Omit<components['schemas']['DeclaredOperator'], 'title' | 'summary'> & {
  title: string[]
  summary: string[]
}

/** A parameter as an operator's JSON Schema declares it. */
export interface Parameter {
  type?: 'string' | 'number' | 'integer' | 'boolean' | 'array'
  default?: unknown
  enum?: string[]
  items?: { enum?: string[] }
  minimum?: number
  maximum?: number
  maxLength?: number
  /** English, or all that an operator of an installed package says. */
  description?: string
  /** In Chinese and in English. */
  descriptions?: string[]
  /** What each value that it may be one of means, in Chinese and in English. */
  choices?: Record<string, string[]>
}

export const MODALITIES = { text: 'text', images: 'image', speech: 'audio', video: 'video' } as const

export type Media = keyof typeof MODALITIES

export function parametersOf(operator: Operator): [string, Parameter][] {
  return Object.entries((operator.schema.properties ?? {}) as Record<string, Parameter>)
}

/** What a parameter means, to a reader of the language on `side`. */
export function meaningOf(parameter: Parameter, side: number): string | undefined {
  return parameter.descriptions?.[side] ?? parameter.description
}

/** The values that a parameter, or each of several, may be one of, as they are read. */
export function choicesOf({ enum: own, items, choices }: Parameter, side: number) {
  return (own ?? items?.enum)?.map((value) => ({ value, label: choices?.[value]?.[side] ?? value }))
}

export function isRequired(operator: Operator, parameter: string): boolean {
  return ((operator.schema.required ?? []) as string[]).includes(parameter)
}

/** Operators that a form may add: those that do not run anyway. */
export function offered(operators: Operator[], media: Media): Operator[] {
  return operators.filter((one) => one.modality === MODALITIES[media] && (!one.always || parametersOf(one).length > 0))
}

/** The step of a recipe: its parameters as far as they were given and differ from the operator's own. */
export function stepOf(operator: Operator | undefined, name: string, given: Record<string, unknown> = {}) {
  const own = new Map(operator ? parametersOf(operator) : [])
  const changed = Object.entries(given).filter(
    ([key, value]) =>
      value !== undefined && value !== null && JSON.stringify(value) !== JSON.stringify(own.get(key)?.default),
  )
  return changed.length > 0 ? { operator: name, parameters: Object.fromEntries(changed) } : { operator: name }
}

/** Documents that say the same in other words: sought by the vectors of the sources, by those of a model, or not. */
export interface Semantic {
  by: 'none' | 'source' | 'model'
  model?: string
  threshold?: number
}

export interface RecipeValues {
  media: Media
  semantic?: Semantic
  operators?: string[]
  parameters?: Record<string, Record<string, unknown>>
  recipe?: string
}

/** The recipe that a form describes: what is written in it, and the chosen operators after its own steps. */
export function recipeOf(values: RecipeValues, operators: Operator[]): Record<string, unknown> {
  const written = values.recipe?.trim() ? (JSON.parse(values.recipe) as Record<string, unknown>) : {}
  const chosen = (values.operators ?? []).map((name) =>
    stepOf(
      operators.find((one) => one.name === name),
      name,
      values.parameters?.[name],
    ),
  )
  const steps = [...((written.steps as unknown[] | undefined) ?? []), ...chosen]
  return {
    ...written,
    ...(values.media === 'text' ? withSemantic(written, values.semantic) : { media: values.media }),
    ...(steps.length ? { steps } : {}),
  }
}

/** The settings for duplicates, with those that the form has for semantic ones. */
function withSemantic(written: Record<string, unknown>, semantic: Semantic | undefined) {
  if (!semantic || semantic.by === 'none') return {}
  const duplicates = (written.duplicates ?? {}) as { semantic?: object }
  const { by, model, threshold } = semantic
  const chosen = { ...(by === 'model' ? { model } : {}), ...(threshold ? { threshold } : {}) }
  return { duplicates: { ...duplicates, semantic: { ...duplicates.semantic, ...chosen } } }
}

export function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
