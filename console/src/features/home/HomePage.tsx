import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'
import { useSession } from '@/app/session'
import { listPath, repositoryPath } from '@/lib/reference'
import { useBilingual } from '@/lib/text'
import { EmptyState } from '@/ui/Feedback'
import { NoticeList } from '@/ui/NoticeList'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { Announcements } from './Announcements'
import { Balance } from './Balance'
import styles from './Home.module.css'
import { RunningJobs } from './RunningJobs'
import { StartLoop } from './StartLoop'

function greetingOf(hour: number): 'night' | 'morning' | 'afternoon' | 'evening' {
  if (hour < 5) return 'night'
  if (hour < 12) return 'morning'
  return hour < 18 ? 'afternoon' : 'evening'
}

function Todo() {
  const { t } = useTranslation('home')
  const { data } = $api.useQuery('get', '/api/v1/notices', { params: { query: { todo: true, limit: 6 } } })
  return (
    <Section title={t('todo.title')} extra={<Link to="/todo">{t('all')}</Link>} flush className={styles.tall ?? ''}>
      {data && <NoticeList notices={data.items} empty={t('todo.none')} />}
    </Section>
  )
}

const KINDS = ['dataset', 'model', 'report'] as const

function Recent() {
  const { t } = useTranslation('home')
  const { data } = $api.useQuery('get', '/api/v1/repositories', {
    params: { query: { limit: 6, sort: '-updated_at' } },
  })
  const rows = data?.items ?? []
  return (
    <Section title={t('recent.title')} flush className={styles.tall ?? ''}>
      {data && rows.length === 0 && (
        <EmptyState title={t('recent.none')} next={t('recent.next')}>
          <Snippet sources={[{ label: 'CLI', code: 'ceyuan loop run' }]} />
        </EmptyState>
      )}
      <ul className={styles.recent}>
        {rows.map((row) => (
          <li key={row.id}>
            <span className={styles.kind} data-kind={row.kind}>
              {t(`recent.${row.kind}`)}
            </span>
            <Link to={repositoryPath(row.kind, row.owner, row.name)}>{row.full_name}</Link>
            <span className="faint truncate">{row.title}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

export function Component() {
  const { t } = useTranslation('home')
  const session = useSession()
  const text = useBilingual()
  const { organisation } = usePreferences()
  const place = session.organisations.find((membership) => membership.id === organisation)
  const facets = $api.useQuery('get', '/api/v1/repositories/facets')
  const counts = new Map(facets.data?.kind.map(({ value, count }) => [value, count]))
  return (
    <Page
      title={t('title')}
      heading={t(`greeting.${greetingOf(new Date().getHours())}`, { name: session.label })}
      description={place ? t('at', { place: place.label }) : t('atAll')}
      actions={<StartLoop />}
      badges={
        <span className={styles.counts}>
          {KINDS.map((kind) => (
            <Link key={kind} to={listPath(kind)}>
              <strong className="num">{counts.get(kind) ?? 0}</strong> {t(`recent.${kind}`)}
            </Link>
          ))}
        </span>
      }
    >
      <Announcements text={text} />
      <Balance />
      <div className="grid-2">
        <RunningJobs />
        <Todo />
      </div>
      <Recent />
    </Page>
  )
}
