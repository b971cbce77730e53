import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'

/** What a list page keeps in its address: search text, filters, sort and the page's cursor. */
export interface ListState {
  filters: Record<string, string>
  sort: string | null
  cursor: string | null
}

const RESERVED = new Set(['sort', 'cursor'])

export function readListState(params: URLSearchParams, filterNames: readonly string[]): ListState {
  const filters: Record<string, string> = {}
  for (const name of filterNames) {
    const value = params.get(name)
    if (value !== null && value !== '' && !RESERVED.has(name)) filters[name] = value
  }
  return { filters, sort: params.get('sort'), cursor: params.get('cursor') }
}

/** The parameters after a change. A changed filter or sort starts again at the first page. */
export function writeListState(params: URLSearchParams, change: Partial<ListState>): URLSearchParams {
  const next = new URLSearchParams(params)
  const put = (name: string, value: string | null | undefined): void => {
    if (value === null || value === undefined || value === '') next.delete(name)
    else next.set(name, value)
  }
  if (change.filters) {
    for (const [name, value] of Object.entries(change.filters)) put(name, value)
    next.delete('cursor')
  }
  if (change.sort !== undefined) {
    put('sort', change.sort)
    next.delete('cursor')
  }
  if (change.cursor !== undefined) put('cursor', change.cursor)
  return next
}

export interface ListControls extends ListState {
  setFilter: (name: string, value: string | null) => void
  clearFilters: () => void
  setSort: (sort: string | null) => void
  setCursor: (cursor: string | null) => void
}

export function useListState(filterNames: readonly string[]): ListControls {
  const [params, setParams] = useSearchParams()
  const key = filterNames.join(',')
  const state = useMemo(() => readListState(params, key ? key.split(',') : []), [params, key])
  const apply = useCallback(
    (change: Partial<ListState>, replace: boolean) =>
      setParams((current) => writeListState(current, change), { replace, preventScrollReset: true }),
    [setParams],
  )
  return useMemo(
    () => ({
      ...state,
      setFilter: (name, value) => apply({ filters: { [name]: value ?? '' } }, true),
      clearFilters: () =>
        apply({ filters: Object.fromEntries((key ? key.split(',') : []).map((name) => [name, ''])) }, true),
      setSort: (sort) => apply({ sort }, true),
      // A page is a step in the history, so that the browser's back button turns the page back.
      setCursor: (cursor) => apply({ cursor }, false),
    }),
    [state, apply, key],
  )
}
