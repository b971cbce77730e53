import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'

import { $api } from '@/api/client'
import { LineageView } from '@/features/lineage/LineageView'
import { ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

import { AnswerFoot } from './AnswerFoot'
import { AnswerText } from './AnswerText'
import type { Chosen } from './ChatPage'
import { SourcePane } from './SourcePane'

/** One answer with the articles that it rests on and its way back to the sources. */
export function Component() {
  const { t } = useTranslation('law')
  const { answerId = '' } = useParams()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const query = $api.useQuery('get', '/api/v1/law/answers/{answer_id}', { params: { path: { answer_id: answerId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const answer = query.data
  if (!answer) return <Loading />
  return (
    <Page
      title={answer.question}
      crumbs={[
        { label: t('title'), to: '/scenarios/law' },
        { label: t('answers.title'), to: `/scenarios/law/${answer.assistant_id}/answers` },
        { label: answer.question },
      ]}
    >
      <div className="grid-2">
        <Section title={t(`kind.${answer.kind}`)}>
          <AnswerText answer={answer} chosen={chosen} onChoose={setChosen} />
          <div className="row soft">
            <AnswerFoot answer={answer} onRated={() => void query.refetch()} />
          </div>
        </Section>
        <SourcePane answer={answer} chosen={chosen} onChoose={setChosen} />
      </div>
      <LineageView node={`answer:${answer.id}`} />
    </Page>
  )
}
