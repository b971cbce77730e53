import { useEffect, useId, useMemo, useRef, type ReactNode } from 'react'

import { backEdges, layered, type GraphEdge } from '@/lib/layers'

import styles from './FlowGraph.module.css'

export interface FlowNode {
  id: string
  /** First line: what kind of thing, or a short state. */
  kicker?: ReactNode
  title: string
  note?: string
  tone?: string
  current?: boolean
  dim?: boolean
}

export interface FlowEdge extends GraphEdge {
  label?: string
  dim?: boolean
  strong?: boolean
}

interface FlowGraphProps {
  nodes: FlowNode[]
  edges: FlowEdge[]
  label: string
  nodeWidth?: number
  nodeHeight?: number
  onSelect?: (id: string) => void
  selected?: string | null
}

const GAP_X = 76
const GAP_Y = 22
const MARGIN = 16

interface Box {
  x: number
  y: number
}

function useLayout(nodes: FlowNode[], edges: FlowEdge[], width: number, height: number) {
  return useMemo(() => {
    const ids = nodes.map((node) => node.id)
    const placed = layered(ids, edges)
    const rows = new Map<number, number>()
    for (const { layer } of placed) rows.set(layer, (rows.get(layer) ?? 0) + 1)
    const tallest = Math.max(1, ...rows.values())
    const boxes = new Map<string, Box>()
    for (const { id, layer, row } of placed) {
      const offset = ((tallest - (rows.get(layer) ?? 1)) * (height + GAP_Y)) / 2
      boxes.set(id, { x: MARGIN + layer * (width + GAP_X), y: MARGIN + offset + row * (height + GAP_Y) })
    }
    const back = backEdges(ids, edges)
    const canvas = {
      width: MARGIN * 2 + rows.size * width + Math.max(0, rows.size - 1) * GAP_X,
      height: MARGIN * 2 + tallest * height + (tallest - 1) * GAP_Y + (back.size ? 34 : 0),
    }
    return { boxes, back, canvas }
  }, [nodes, edges, width, height])
}

function path(from: Box, to: Box, width: number, height: number, back: boolean, floor: number): string {
  if (back) {
    const [x1, x2] = [from.x + width / 2, to.x + width / 2]
    const low = Math.max(from.y, to.y) + height + floor
    return `M${x1},${from.y + height} C${x1},${low} ${x2},${low} ${x2},${to.y + height + 2}`
  }
  const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x - 3, to.y + height / 2]
  const bend = Math.max(24, (x2 - x1) / 2)
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`
}

/** A directed graph from left to right. Nodes are buttons, so that it can be walked with the keyboard. */
export function FlowGraph(props: FlowGraphProps) {
  const { nodes, edges, label, nodeWidth = 196, nodeHeight = 64, onSelect, selected } = props
  const marker = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const current = nodes.find((node) => node.current)?.id
  const { boxes, back, canvas } = useLayout(nodes, edges, nodeWidth, nodeHeight)
  useEffect(() => {
    const box = current === undefined ? undefined : boxes.get(current)
    const view = scroller.current
    if (box && view) view.scrollLeft = box.x + nodeWidth / 2 - view.clientWidth / 2
  }, [boxes, current, nodeWidth])
  return (
    <div ref={scroller} className={styles.scroll} role="group" aria-label={label}>
      <div className={styles.canvas} style={{ width: canvas.width, height: canvas.height }}>
        <svg width={canvas.width} height={canvas.height} aria-hidden="true">
          <defs>
            <marker id={marker} viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M1 1 7 4 1 7z" fill="context-stroke" />
            </marker>
          </defs>
          {edges.map((edge, index) => {
            const [from, to] = [boxes.get(edge.source), boxes.get(edge.target)]
            if (!from || !to) return null
            const isBack = back.has(index)
            return (
              <g
                key={`${edge.source}>${edge.target}>${edge.label ?? ''}`}
                className={styles.edge}
                data-dim={edge.dim}
                data-strong={edge.strong}
                data-back={isBack}
              >
                <path d={path(from, to, nodeWidth, nodeHeight, isBack, 34)} markerEnd={`url(#${marker})`} />
                {edge.label && !isBack && (
                  <text x={to.x - 10} y={to.y + nodeHeight / 2 - 6}>
                    {edge.label}
                  </text>
                )}
              </g>
            )
          })}
        </svg>
        {nodes.map((node) => {
          const box = boxes.get(node.id)
          if (!box) return null
          return (
            <button
              key={node.id}
              type="button"
              className={styles.node}
              data-tone={node.tone}
              data-current={node.current}
              data-dim={node.dim}
              aria-pressed={onSelect ? selected === node.id : undefined}
              aria-current={node.current ? 'step' : undefined}
              style={{ left: box.x, top: box.y, width: nodeWidth, height: nodeHeight }}
              title={node.title}
              onClick={() => onSelect?.(node.id)}
            >
              {node.kicker && <span className={styles.kicker}>{node.kicker}</span>}
              <span className={styles.title}>{node.title}</span>
              {node.note && <span className={styles.note}>{node.note}</span>}
            </button>
          )
        })}
      </div>
    </div>
  )
}
