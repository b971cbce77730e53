import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { usePreferences } from '@/app/preferences'
import { addressesOf } from '@/lib/cardAddress'
import { CARD_HTML } from '@/lib/cardHtml'
import { Facts } from '@/ui/Facts'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Bytes, Count, Hash, Time } from '@/ui/Figures'
import { Markdown } from '@/ui/Markdown'
import { Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { DownloadsChart } from './DownloadsChart'
import { PLURAL, type Repository } from './kinds'
import { Inspection, Signatures } from './Provenance'
import { pathOf, type Place } from './RepositoryPage'
import { snippetsOf } from './snippets'

const MISSING: ReadonlySet<string> = new Set(['entry_not_found', 'revision_not_found', 'not_found'])

function CardText({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const { language } = usePreferences()
  const card = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/card', {
    params: { path: pathOf(place), query: { revision: place.revision, language } },
  })
  const reference = `${PLURAL[place.kind]}/${place.owner}/${place.name}`
  if (card.error && MISSING.has(asProblem(card.error).code)) {
    return (
      <EmptyState title={t('card.none')} next={t('card.next')}>
        <Snippet
          sources={[
            { label: 'CLI', code: `ceyuan hub upload ${reference} ./folder --message "first revision"` },
            {
              label: 'Python',
              code: `from ceyuan.sdk import Client\n\nClient().hub.upload("${reference}", "./folder")`,
            },
          ]}
        />
      </EmptyState>
    )
  }
  if (card.error) return <ProblemView error={card.error} onRetry={() => void card.refetch()} />
  if (!card.data) return <div style={{ minHeight: 240 }} />
  return (
    <div className="stack">
      {card.data.problem && <Alert type="warning" showIcon title={card.data.problem} />}
      <Markdown text={card.data.body} addresses={addressesOf(place)} html={CARD_HTML} />
    </div>
  )
}

export function CardTab({ place, repository }: { place: Place; repository: Repository }) {
  const { t } = useTranslation('hub')
  return (
    <div className="grid-aside">
      <Section>
        <CardText place={place} />
      </Section>
      <div className="stack">
        <Section title={t('facts.title')}>
          <Facts
            facts={[
              { label: t('facts.files'), value: <Count value={repository.files} /> },
              { label: t('facts.size'), value: <Bytes value={repository.bytes} /> },
              { label: t('facts.held'), value: <Bytes value={repository.held_bytes} /> },
              { label: t('facts.downloads'), value: <Count value={repository.downloads} /> },
              {
                label: t('facts.head'),
                value: repository.head_commit ? <Hash value={repository.head_commit} /> : null,
              },
              { label: t('facts.creator'), value: repository.creator },
              { label: t('facts.created'), value: <Time value={repository.created_at} /> },
              { label: t('facts.updated'), value: <Time value={repository.updated_at} /> },
            ]}
          />
        </Section>
        <Section title={t('use')}>
          <Snippet sources={snippetsOf(repository, place.revision, window.location.origin)} />
        </Section>
        <Inspection place={place} />
        <Signatures place={place} repository={repository} />
        <DownloadsChart place={place} />
      </div>
    </div>
  )
}
