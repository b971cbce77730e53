import { useTranslation } from 'react-i18next'

import type { components } from '@/api/schema'
import { useBilingual } from '@/lib/text'
import { Facts } from '@/ui/Facts'
import { Time } from '@/ui/Figures'

export type Explained = components['schemas']['ExplainOut']

/** Why a task waits, when it is expected to start, and each single change with which it would start now. */
export function QueueReason({ found }: { found: Explained }) {
  const { t } = useTranslation('tasks')
  const text = useBilingual()
  return (
    <>
      <Facts
        columns={2}
        facts={[
          {
            label: t('explain.position'),
            value: t('explain.positionOf', { position: found.position, waiting: found.waiting }),
          },
          { label: t('explain.reason'), value: text({ reason_zh: found.zh, reason_en: found.en }, 'reason') },
          {
            label: t('explain.start'),
            value: found.earliest ? (
              <>
                <Time value={found.earliest} full /> – <Time value={found.latest} full />
              </>
            ) : (
              t('explain.unknown')
            ),
          },
          { label: t('explain.reserved'), value: found.reserved_from && <Time value={found.reserved_from} full /> },
        ]}
      />
      {found.reason && found.would_start_if.length === 0 && <p className="faint">{t('explain.helpless')}</p>}
      {found.would_start_if.length > 0 && (
        <>
          <p>{t('explain.help')}</p>
          <ul>
            {found.would_start_if.map((change) => (
              <li key={`${change.change}-${change.value}`}>
                {text({ change_zh: change.zh, change_en: change.en }, 'change')}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}
