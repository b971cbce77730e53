import { describe, expect, it } from 'vitest'

import { backEdges, layered } from '@/lib/layers'

const edge = (source: string, target: string) => ({ source, target })

describe('layered drawing', () => {
  it('puts each node right of everything it came from', () => {
    const edges = [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd'), edge('a', 'd')]
    const layer = Object.fromEntries(layered(['a', 'b', 'c', 'd'], edges).map((node) => [node.id, node.layer]))
    expect(layer).toEqual({ a: 0, b: 1, c: 1, d: 2 })
  })
  it('untangles crossing edges', () => {
    const edges = [edge('a', 'y'), edge('b', 'x')]
    const row = Object.fromEntries(layered(['a', 'b', 'x', 'y'], edges).map((node) => [node.id, node.row]))
    expect(Math.sign((row.a ?? 0) - (row.b ?? 0))).toBe(Math.sign((row.y ?? 0) - (row.x ?? 0)))
  })
  it('draws a step back without pushing its target forward', () => {
    const edges = [edge('draft', 'review'), edge('review', 'draft'), edge('review', 'done')]
    expect([...backEdges(['draft', 'review', 'done'], edges)]).toEqual([1])
    const layer = Object.fromEntries(layered(['draft', 'review', 'done'], edges).map((node) => [node.id, node.layer]))
    expect(layer).toEqual({ draft: 0, review: 1, done: 2 })
  })
  it('ignores edges to nodes that are not shown', () => {
    expect(layered(['a'], [edge('a', 'gone')])).toEqual([{ id: 'a', layer: 0, row: 0 }])
  })
})
