import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { useBilingual } from '@/lib/text'
import { Facts } from '@/ui/Facts'
import { Count, Decimal, Percent, Stat, Stats } from '@/ui/Figures'
import { LazyChart } from '@/ui/LazyChart'

import type { Answer } from './PlanPage'

type Plan = NonNullable<Answer['plan']>

const PARTS = ['weights', 'gradients', 'optimiser', 'activations', 'logits', 'overhead'] as const
const WAYS = ['tensor', 'pipeline', 'data', 'context', 'expert'] as const

function MemoryChart({ plan }: { plan: Plan }) {
  const { t } = useTranslation('compute')
  const option = useMemo(
    () => ({
      tooltip: { trigger: 'item', valueFormatter: (value: unknown) => `${String(value)} GiB` },
      legend: { top: 0 },
      grid: { left: 8, right: 24, top: 32, bottom: 8, containLabel: true },
      xAxis: { type: 'value', max: Math.ceil(plan.memory.limit) },
      yAxis: { type: 'category', data: [''] },
      series: PARTS.map((part) => ({
        name: t(`plan.memory.${part}`),
        type: 'bar',
        stack: 'memory',
        data: [plan.memory[part]],
      })),
    }),
    [plan, t],
  )
  return <LazyChart option={option} label={t('plan.memory.title')} height={120} />
}

/** One plan: machines, time, memory by component, what the network and the storage must bear. */
export function PlanView({ plan }: { plan: Plan }) {
  const { t } = useTranslation('compute')
  const text = useBilingual()
  const ways = WAYS.filter((way) => plan.split[way] > 1).map((way) => `${t(`plan.way.${way}`)} ${plan.split[way]}`)
  const days = (hours: number) => (hours / 24).toFixed(1)
  const extras = [
    plan.split.sharded && t('plan.way.sharded'),
    plan.split.recompute && t('plan.way.recompute'),
    plan.split.interleave > 1 && t('plan.way.interleave', { count: plan.split.interleave }),
  ].filter(Boolean)
  return (
    <div className="stack">
      <Stats>
        <Stat
          label={t('plan.accelerators')}
          value={<Count value={plan.accelerators} />}
          note={t('plan.nodesNote', { nodes: plan.nodes })}
        />
        <Stat
          label={t('plan.duration')}
          value={days(plan.total_hours)}
          note={t('plan.span', { low: days(plan.hours_low), high: days(plan.hours_high) })}
        />
        <Stat label={t('plan.acceleratorHours')} value={<Count value={plan.accelerator_hours} />} />
        <Stat
          label={t('plan.efficiency')}
          value={<Percent ratio={plan.efficiency} />}
          note={text(plan, 'efficiency_reason')}
        />
      </Stats>
      <MemoryChart plan={plan} />
      <Facts
        columns={2}
        facts={[
          { label: t('plan.split'), value: [...ways, ...extras].join(' · ') || t('plan.whole') },
          { label: t('plan.memory.title'), value: `${plan.memory.total} / ${plan.memory.limit} GiB` },
          { label: t('plan.bubble'), value: <Percent ratio={plan.bubble} /> },
          {
            label: t('plan.communication'),
            value: <Percent ratio={plan.tensor_share + plan.expert_share + plan.data_share} />,
          },
          { label: t('plan.network'), value: `${plan.network_gbps_needed} Gbit/s` },
          { label: t('plan.storage'), value: `${plan.storage_tb} TB (${t('plan.corpus', { tb: plan.corpus_tb })})` },
          {
            label: t('plan.checkpoint'),
            value: t('plan.checkpointNote', {
              size: plan.checkpoint_gb,
              hours: plan.checkpoint_every_hours,
              speed: plan.checkpoint_write_gb_s,
            }),
          },
          { label: t('plan.lost'), value: <Decimal value={plan.lost_hours} digits={1} /> },
        ]}
      />
    </div>
  )
}
