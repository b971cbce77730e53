import { Alert, Segmented } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import type { Got } from '@/api/types'
import { referencePath } from '@/lib/reference'
import { Facts } from '@/ui/Facts'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Money, Time } from '@/ui/Figures'
import { FlowGraph, type FlowEdge, type FlowNode } from '@/ui/FlowGraph'
import { Json } from '@/ui/Json'

import styles from './Lineage.module.css'

type Graph = Got<'/api/v1/lineage'>
type Node = Graph['nodes'][number]
type Direction = 'both' | 'upstream' | 'downstream'

const TONES: Record<string, string> = {
  source: 'source',
  dataset: 'dataset',
  model: 'model',
  report: 'report',
  answer: 'answer',
  article: 'source',
  prompt: 'job',
  call: 'service',
  served_model: 'service',
  job: 'job',
}

/** The console's page of a node, if it has one. */
function pathOf(node: Node): string | null {
  if (node.reference) return referencePath(node.reference)
  return node.href ? node.href.replace(/^\/console(?=\/)/, '') : null
}

/** What the node is, as a key of texts and colours. */
function kindOf(node: Node): string {
  if (node.reference?.startsWith('models/')) return 'model'
  if (node.reference?.startsWith('reports/')) return 'report'
  if (node.reference?.startsWith('datasets/')) return 'dataset'
  return node.kind?.replaceAll(' ', '_') ?? 'hidden'
}

function useDrawing(graph: Graph, direction: Direction, chosen: string) {
  const { t } = useTranslation('lineage')
  return useMemo(() => {
    const visible = graph.nodes.filter(
      (node) =>
        direction === 'both' ||
        node.distance === 0 ||
        (direction === 'upstream' ? node.distance < 0 : node.distance > 0),
    )
    const ids = new Set(visible.map((node) => node.id))
    const nodes: FlowNode[] = visible.map((node) => {
      const kind = kindOf(node)
      return {
        id: node.id,
        kicker: t(`kind.${kind}`, { defaultValue: kind }),
        title: node.hidden ? t('hidden') : (node.label ?? node.id),
        tone: TONES[kind],
        current: node.id === graph.start,
        dim: node.hidden,
      }
    })
    const edges: FlowEdge[] = graph.edges
      .filter((edge) => ids.has(edge.source) && ids.has(edge.target))
      .map((edge) => ({
        source: edge.source,
        target: edge.target,
        strong: edge.source === chosen || edge.target === chosen,
      }))
    return { nodes, edges }
  }, [graph, direction, chosen, t])
}

function NodeDetail({ graph, node }: { graph: Graph; node: Node }) {
  const { t } = useTranslation('lineage')
  const path = pathOf(node)
  const made = graph.edges.filter((edge) => edge.target === node.id)
  const record = made.find((edge) => edge.record)?.record
  return (
    <div className={styles.detail}>
      <h3>{path ? <Link to={path}>{node.label ?? node.id}</Link> : (node.label ?? node.id)}</h3>
      <Facts
        columns={2}
        facts={[
          { label: t('fact.kind'), value: t(`kind.${kindOf(node)}`, { defaultValue: kindOf(node) }) },
          { label: t('fact.created'), value: node.created_at ? <Time value={node.created_at} full /> : null },
          {
            label: t('fact.action'),
            value: made[0] ? t(`action.${made[0].action}`, { defaultValue: made[0].action }) : null,
          },
          {
            label: t('fact.by'),
            value: record ? (
              record.by_kind === 'job' ? (
                <Link to={`/jobs/${record.by_id}`}>{record.by_label}</Link>
              ) : (
                record.by_label
              )
            ) : null,
          },
          { label: t('fact.cost'), value: record ? <Money micro={record.cost_micro} /> : null },
          {
            label: t('fact.code'),
            value:
              record && Object.keys(record.code).length > 0 ? (
                <code>{Object.values(record.code).map(String).join(' ')}</code>
              ) : null,
          },
        ]}
      />
      {Object.keys(node.details).length > 0 && <Json value={node.details} />}
      {record && Object.keys(record.settings).length > 0 && (
        <>
          <div className="faint">{t('fact.settings')}</div>
          <Json value={record.settings} />
        </>
      )}
    </div>
  )
}

function Drawing({ graph }: { graph: Graph }) {
  const { t } = useTranslation('lineage')
  const [direction, setDirection] = useState<Direction>('both')
  const [chosen, setChosen] = useState(graph.start)
  const { nodes, edges } = useDrawing(graph, direction, chosen)
  const node = graph.nodes.find((each) => each.id === chosen)
  return (
    <div className={styles.frame}>
      <div className={styles.head}>
        <Segmented<Direction>
          value={direction}
          onChange={setDirection}
          options={(['upstream', 'both', 'downstream'] as const).map((value) => ({
            value,
            label: t(`direction.${value}`),
          }))}
        />
        <span className="faint">{t('count', { nodes: nodes.length, edges: edges.length })}</span>
      </div>
      {graph.truncated && <Alert type="info" banner title={t('truncated')} />}
      <FlowGraph label={t('title')} nodes={nodes} edges={edges} selected={chosen} onSelect={setChosen} />
      {node && !node.hidden && <NodeDetail graph={graph} node={node} />}
    </div>
  )
}

/** The lineage around a revision or any other node, both ways. */
export function LineageView({ reference, node }: { reference?: string; node?: string }) {
  const { t } = useTranslation('lineage')
  const query = $api.useQuery('get', '/api/v1/lineage', {
    params: { query: { ...(reference ? { reference } : { node: node ?? '' }), upstream: 8, downstream: 8 } },
  })
  if (query.error) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <div style={{ minHeight: 320 }} />
  if (query.data.edges.length === 0) return <EmptyState title={t('alone.title')} next={t('alone.next')} />
  return <Drawing key={query.data.start} graph={query.data} />
}
