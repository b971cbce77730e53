import { Button } from 'antd'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import type { Got, Item } from '@/api/types'
import { leafHash, walkInclusion, type ProofStep } from '@/lib/merkle'
import { ProblemView } from '@/ui/Feedback'
import { Hash } from '@/ui/Figures'
import { Json } from '@/ui/Json'

import styles from './Audit.module.css'

type Entry = Item<'/api/v1/audit/entries'>
type Proof = Got<'/api/v1/audit/entries/{entry_id}/proof'>

interface Checked {
  proof: Proof
  leafFits: boolean
  steps: ProofStep[]
  holds: boolean
}

async function check(entry: Entry): Promise<Checked> {
  const { data: proof } = await api.GET('/api/v1/audit/entries/{entry_id}/proof', {
    params: { path: { entry_id: entry.id } },
  })
  if (!proof) throw new Error('the platform sent no proof')
  const leafFits = (await leafHash(entry.body)) === proof.leaf
  const steps = await walkInclusion(proof)
  const holds = leafFits && steps !== null && (steps.at(-1)?.result ?? proof.leaf) === proof.root
  return { proof, leafFits, steps: steps ?? [], holds }
}

function Steps({ checked }: { checked: Checked }) {
  const { t } = useTranslation('audit')
  const { proof, steps, holds } = checked
  return (
    <div>
      <p className={styles.verdict} data-holds={holds} role="status">
        {holds ? t('proof.holds', { index: proof.index, size: proof.size }) : t('proof.fails')}
      </p>
      <ol className={styles.steps}>
        <li>
          {t('proof.leaf')} <Hash value={proof.leaf} length={16} />
        </li>
        {steps.map((step) => (
          <li key={step.result}>
            {t(step.left ? 'proof.left' : 'proof.right')} <Hash value={step.sibling} length={16} /> →{' '}
            <Hash value={step.result} length={16} />
          </li>
        ))}
        <li>
          {t('proof.root')} <Hash value={proof.root} length={16} />
        </li>
      </ol>
      <p className="faint">{t('proof.note')}</p>
      <pre className={styles.note}>{proof.note}</pre>
    </div>
  )
}

/** An entry's exact text, and the proof that it is in the signed log, checked by this browser. */
export function EntryDetail({ entry }: { entry: Entry }) {
  const { t } = useTranslation('audit')
  const [wanted, setWanted] = useState(false)
  const proof = useQuery({ queryKey: ['audit proof', entry.id], queryFn: () => check(entry), enabled: wanted })
  return (
    <div className={styles.detail}>
      <Json value={entry.data} />
      <div>
        {!proof.data && (
          <Button loading={proof.isFetching} onClick={() => setWanted(true)}>
            {t('proof.do')}
          </Button>
        )}
        {proof.error && <ProblemView error={proof.error} onRetry={() => void proof.refetch()} />}
        {proof.data && <Steps checked={proof.data} />}
      </div>
    </div>
  )
}
