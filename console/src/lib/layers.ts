/** Layered drawing of a directed graph: columns by longest path, rows by the barycentre of the neighbours. */

export interface GraphEdge {
  source: string
  target: string
}

export interface PlacedNode {
  id: string
  layer: number
  row: number
}

function outgoing(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, string[]> {
  const map = new Map<string, string[]>(ids.map((id) => [id, []]))
  for (const edge of edges) if (map.has(edge.target)) map.get(edge.source)?.push(edge.target)
  return map
}

/**
 * Edges that close a cycle, by index, in depth-first order from the first ids. A workflow may step
 * back ("returned for changes"); such an edge is drawn, but does not push its target forward.
 */
export function backEdges(ids: readonly string[], edges: readonly GraphEdge[]): Set<number> {
  const next = new Map<string, { target: string; index: number }[]>(ids.map((id) => [id, []]))
  edges.forEach((edge, index) => next.get(edge.source)?.push({ target: edge.target, index }))
  const state = new Map<string, 'open' | 'done'>()
  const back = new Set<number>()
  const visit = (id: string): void => {
    state.set(id, 'open')
    for (const { target, index } of next.get(id) ?? []) {
      if (state.get(target) === 'open') back.add(index)
      else if (!state.has(target) && next.has(target)) visit(target)
    }
    state.set(id, 'done')
  }
  for (const id of ids) if (!state.has(id)) visit(id)
  return back
}

function longestPaths(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  const next = outgoing(ids, edges)
  const indegree = new Map<string, number>(ids.map((id) => [id, 0]))
  for (const targets of next.values())
    for (const target of targets) indegree.set(target, (indegree.get(target) ?? 0) + 1)
  const layer = new Map<string, number>(ids.map((id) => [id, 0]))
  const ready = ids.filter((id) => indegree.get(id) === 0)
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const target of next.get(id) ?? []) {
      layer.set(target, Math.max(layer.get(target) ?? 0, (layer.get(id) ?? 0) + 1))
      const left = (indegree.get(target) ?? 0) - 1
      indegree.set(target, left)
      if (left === 0) ready.push(target)
    }
  }
  return layer
}

function sweep(columns: string[][], neighbours: Map<string, string[]>, forward: boolean): void {
  const rowOf = new Map<string, number>()
  columns.forEach((column) => column.forEach((id, row) => rowOf.set(id, row)))
  const order = forward ? columns.keys() : [...columns.keys()].reverse()
  for (const index of order) {
    const column = columns[index]
    if (!column) continue
    const weight = new Map(
      column.map((id, row) => {
        const rows = (neighbours.get(id) ?? []).map((other) => rowOf.get(other) ?? 0)
        return [id, rows.length ? rows.reduce((a, b) => a + b, 0) / rows.length : row]
      }),
    )
    column.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0))
    column.forEach((id, row) => rowOf.set(id, row))
  }
}

/** Places every id in a layer (column) and a row. Deterministic for the same input. */
export function layered(ids: readonly string[], edges: readonly GraphEdge[]): PlacedNode[] {
  const back = backEdges(ids, edges)
  const forwardEdges = edges.filter((edge, index) => !back.has(index) && edge.source !== edge.target)
  const layer = longestPaths(ids, forwardEdges)
  const columns: string[][] = []
  for (const id of ids) (columns[layer.get(id) ?? 0] ??= []).push(id)
  const successors = outgoing(ids, forwardEdges)
  const predecessors = outgoing(
    ids,
    forwardEdges.map((edge) => ({ source: edge.target, target: edge.source })),
  )
  for (let round = 0; round < 4; round += 1) {
    sweep(columns, predecessors, true)
    sweep(columns, successors, false)
  }
  return columns.flatMap((column, index) => column.map((id, row) => ({ id, layer: index, row })))
}
