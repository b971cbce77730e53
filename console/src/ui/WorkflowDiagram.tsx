import { useMemo } from 'react'

import { FlowGraph, type FlowEdge, type FlowNode } from './FlowGraph'

export interface WorkflowState {
  name: string
  label: string
  /** No transition leads out of it. */
  final?: boolean
}

export interface WorkflowTransition {
  name: string
  label: string
  source: string
  target: string
}

interface WorkflowDiagramProps {
  label: string
  states: WorkflowState[]
  transitions: WorkflowTransition[]
  current?: string | null
  /** States that the case went through, in order. */
  visited?: string[]
}

function stepsOf(visited: readonly string[]): Set<string> {
  return new Set(visited.slice(1).map((state, index) => `${visited[index] ?? ''}>${state}`))
}

/** A state machine from left to right: the present state filled, the way taken drawn strong. */
export function WorkflowDiagram({ label, states, transitions, current, visited = [] }: WorkflowDiagramProps) {
  const nodes = useMemo<FlowNode[]>(
    () =>
      states.map((state) => ({
        id: state.name,
        title: state.label,
        current: state.name === current,
        dim: Boolean(current) && state.name !== current && !visited.includes(state.name) && state.final === true,
      })),
    [states, current, visited],
  )
  const edges = useMemo<FlowEdge[]>(() => {
    const taken = stepsOf(visited)
    const merged = new Map<string, FlowEdge>()
    for (const { source, target, label: name } of transitions) {
      const key = `${source}>${target}`
      const held = merged.get(key)
      merged.set(key, { source, target, label: held?.label ? `${held.label} / ${name}` : name, strong: taken.has(key) })
    }
    return [...merged.values()]
  }, [transitions, visited])
  return <FlowGraph label={label} nodes={nodes} edges={edges} nodeWidth={132} nodeHeight={44} />
}
