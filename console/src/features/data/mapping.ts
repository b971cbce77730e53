import type { Got, Sent } from '@/api/types'

export type Columns = Got<'/api/v1/data/sources/{source_id}/columns'>
export type Mapping = Sent<'/api/v1/data/sources/{source_id}/columns/preview'>

/** Fields of a dataset's documents that columns are mapped onto, in the order they are shown. */
export const FIELDS = ['text', 'title', 'id', 'time', 'author', 'url', 'licence', 'group'] as const
export type Field = (typeof FIELDS)[number]

/** The mapping that is kept with a source, else the one that its columns suggest. */
export function startingFrom(found: Columns): Mapping {
  return found.mapping ?? found.proposal
}

/** The mapping with other columns in one field; a column that is taken from another field leaves it. */
export function withColumns(mapping: Mapping, field: Field, columns: string[]): Mapping {
  const changed = { ...mapping }
  for (const other of FIELDS) {
    changed[other] = other === field ? columns : (mapping[other] ?? []).filter((name) => !columns.includes(name))
  }
  return changed
}

/** Columns that no field takes. */
export function unmapped(found: Columns, mapping: Mapping): string[] {
  const taken = new Set(FIELDS.flatMap((field) => mapping[field] ?? []))
  return found.columns.map((column) => column.name).filter((name) => !taken.has(name))
}
