import { CheckCircleFilled, CloseCircleFilled } from '@ant-design/icons'
import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Item } from '@/api/types'
import { usePreferences } from '@/app/preferences'

import styles from './Gates.module.css'

type Gate = Item<'/api/v1/releases'>['gates'][number]

const usePair = () => {
  const { language } = usePreferences()
  return (pair: string[]) => pair[language === 'zh' ? 0 : 1] ?? ''
}

function GateIcon({ passed }: { passed: boolean }) {
  const { t } = useTranslation('releases')
  return passed ? (
    <CheckCircleFilled className={styles.good} aria-label={t('gate.passed')} />
  ) : (
    <CloseCircleFilled className={styles.bad} aria-label={t('gate.failed')} />
  )
}

/** All gates on one line, for lists. */
export function GateMarks({ gates }: { gates: Gate[] }) {
  const pick = usePair()
  return (
    <span className="row">
      {gates.map((gate) => (
        <Tooltip key={gate.gate} title={pick(gate.reason)}>
          <span className={styles.mark}>
            <GateIcon passed={gate.passed} /> {pick(gate.title)}
          </span>
        </Tooltip>
      ))}
    </span>
  )
}

/** Each gate with its reason and the report that it rests on. */
export function Gates({ gates }: { gates: Gate[] }) {
  const { t } = useTranslation('releases')
  const pick = usePair()
  if (gates.length === 0) return <p className="soft">{t('gate.none')}</p>
  return (
    <ul className={styles.gates}>
      {gates.map((gate) => (
        <li key={gate.gate} data-passed={gate.passed}>
          <GateIcon passed={gate.passed} />
          <div>
            <strong>{pick(gate.title)}</strong>
            <p>{pick(gate.reason)}</p>
          </div>
          {gate.link && <Link to={gate.link}>{t('gate.evidence')}</Link>}
        </li>
      ))}
    </ul>
  )
}
