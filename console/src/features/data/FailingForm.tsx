import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'

interface FailingFormProps {
  onFail: (vote: { verdict: 'fail'; clause: string; note: string }) => void
  onCancel: () => void
}

/** Why a document fails: the clause of the standard, chosen by typing, and a note. */
export function FailingForm({ onFail, onCancel }: FailingFormProps) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const risks = $api.useQuery('get', '/api/v1/safety/risks', {}, { staleTime: Infinity }).data ?? []
  const [clause, setClause] = useState<string | null>(null)
  const [note, setNote] = useState('')
  const fail = () => clause && onFail({ verdict: 'fail', clause, note })
  return (
    <div className="row">
      <Select
        autoFocus
        defaultOpen
        showSearch={{ optionFilterProp: 'label' }}
        placeholder={t('review.clause')}
        aria-label={t('review.clause')}
        value={clause}
        onChange={setClause}
        popupMatchSelectWidth={false}
        styles={{ popup: { root: { maxWidth: 'calc(100vw - 56px)' } } }}
        options={risks.map((risk) => ({ value: risk.id, label: `${risk.id} ${risk[language]}` }))}
        style={{ minWidth: 'min(320px, 100%)' }}
      />
      <Input
        value={note}
        maxLength={500}
        placeholder={t('review.note')}
        aria-label={t('review.note')}
        onChange={(event) => setNote(event.target.value)}
        onPressEnter={fail}
        style={{ maxWidth: 320 }}
      />
      <Button danger disabled={!clause} onClick={fail}>
        {t('review.sendFail')}
      </Button>
      <Button onClick={onCancel}>{t('review.cancel')} (Esc)</Button>
    </div>
  )
}
