import { Segmented, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Decimal, Percent } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { SideBySide } from '@/ui/SideBySide'

import { useNames } from './names'
import { paramsOf, type CorpusPlace } from './place'
import { samplesOf, type DroppedSample, type Samples } from './samples'

type View = 'changed' | 'dropped' | 'kept'

function Dropped({ sample }: { sample: DroppedSample }) {
  const { t } = useTranslation('data')
  const names = useNames()
  return (
    <Section title={<code>{sample.id}</code>} note={names.domain(sample.domain)}>
      {sample.kept_text !== undefined ? (
        <div className="stack" style={{ gap: 8 }}>
          <span className="soft">
            {t('quality.similar')} <Percent ratio={sample.similarity} />
          </span>
          <SideBySide
            before={sample.text}
            after={sample.kept_text}
            beforeLabel={t('quality.dropped')}
            afterLabel={t('quality.keptInstead')}
          />
        </div>
      ) : (
        <p style={{ whiteSpace: 'pre-wrap' }}>{sample.text}</p>
      )}
      <p className="faint row" style={{ marginTop: 8 }}>
        {Object.entries(sample.statistics).map(([name, value]) => (
          <span key={name} title={names.statistic(name)}>
            <code>{name}</code> <Decimal value={value} digits={3} />
          </span>
        ))}
      </p>
    </Section>
  )
}

function Shown({ samples, view, group }: { samples: Samples; view: View; group: string }) {
  const { t } = useTranslation('data')
  const names = useNames()
  if (view === 'changed') {
    return samples.changed.map((sample) => (
      <Section key={sample.id} title={<code>{sample.id}</code>} note={names.domain(sample.domain)}>
        <SideBySide
          before={sample.before}
          after={sample.after}
          beforeLabel={t('quality.before')}
          afterLabel={t('quality.after')}
        />
      </Section>
    ))
  }
  if (view === 'dropped')
    return (samples.dropped[group] ?? []).map((sample) => <Dropped key={sample.id} sample={sample} />)
  return (samples.kept[group] ?? []).map((sample) => (
    <Section key={sample.id} title={<code>{sample.id}</code>}>
      <p style={{ whiteSpace: 'pre-wrap' }}>{sample.text}</p>
    </Section>
  ))
}

/** Examples of what the pipeline did: before and after, dropped with the evidence, kept. */
export function SamplesView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const names = useNames()
  const [view, setView] = useState<View>('changed')
  const [chosen, setChosen] = useState('')
  const query = $api.useQuery('get', '/api/v1/data/datasets/{owner}/{name}/samples', { params: paramsOf(place) })
  if (query.error) return <ProblemView error={query.error} />
  const samples = samplesOf(query.data)
  if (!samples) return query.data ? <EmptyState title={t('quality.noSamples')} /> : <div style={{ minHeight: 240 }} />
  const groups = view === 'changed' ? [] : Object.keys(samples[view])
  const group = groups.includes(chosen) ? chosen : (groups[0] ?? '')
  return (
    <div className="stack">
      <div className="row">
        <Segmented<View>
          value={view}
          onChange={setView}
          options={(['changed', 'dropped', 'kept'] as const).map((value) => ({
            value,
            label: t(`quality.view.${value}`),
          }))}
        />
        {groups.length > 0 && (
          <Select
            value={group}
            onChange={setChosen}
            options={groups.map((value) => ({
              value,
              label: view === 'kept' ? names.domain(value) : names.reason(value),
            }))}
            style={{ minWidth: 220 }}
            aria-label={t('quality.group')}
          />
        )}
      </div>
      <Shown samples={samples} view={view} group={group} />
    </div>
  )
}
