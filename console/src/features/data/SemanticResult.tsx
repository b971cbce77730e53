import { useTranslation } from 'react-i18next'

import type { components } from '@/api/schema'
import { Count, Stat, Stats } from '@/ui/Figures'
import { Section } from '@/ui/Page'

/** How many documents the search for semantic duplicates compared, and why others took no part. */
export function SemanticResult({ found }: { found: components['schemas']['SemanticOut'] }) {
  const { t } = useTranslation('data')
  const without = Object.entries(found.without)
  return (
    <Section title={t('semantic.title')} note={t('semantic.resultNote')}>
      <Stats>
        <Stat label={t('semantic.compared')} value={<Count value={found.vectors} />} />
        <Stat label={t('semantic.duplicates')} value={<Count value={found.duplicates} />} />
        <Stat label={t('semantic.dimensions')} value={<Count value={found.dimensions} />} />
        {found.curtailed > 0 && (
          <Stat
            label={t('semantic.curtailed')}
            value={<Count value={found.curtailed} />}
            note={t('semantic.curtailedNote')}
          />
        )}
        {without.map(([reason, count]) => (
          <Stat
            key={reason}
            label={t('semantic.without')}
            value={<Count value={count} />}
            note={t(`semantic.reason.${reason}`)}
          />
        ))}
      </Stats>
    </Section>
  )
}
