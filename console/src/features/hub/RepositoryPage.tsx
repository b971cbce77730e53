import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams, useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import { holds, useSession } from '@/app/session'
import { MediaView } from '@/features/data/MediaView'
import { VersionsView } from '@/features/data/VersionsView'
import { LineageView } from '@/features/lineage/LineageView'
import { listPath, repositoryPath, type RepositoryKind } from '@/lib/reference'
import { ProblemView } from '@/ui/Feedback'
import { CopyButton } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page } from '@/ui/Page'

import { AccessGate } from './AccessGate'
import { AccessTab } from './AccessTab'
import { CardTab } from './CardTab'
import { Collect } from './Collect'
import { CommitsTab } from './CommitsTab'
import { DiscussionsTab } from './DiscussionsTab'
import { FilesTab } from './FilesTab'
import { PLURAL, useKind, type Repository } from './kinds'
import { LikeButton } from './LikeButton'
import styles from './Repository.module.css'
import { GradeMark, Labels, VisibilityMark } from './RepositoryCard'
import { RevisionSelect } from './RevisionSelect'
import { SettingsTab } from './SettingsTab'

/** Where the tabs look: a repository at a revision. */
export interface Place {
  kind: RepositoryKind
  owner: string
  name: string
  /** Branch, tag or commit. */
  revision: string
}

export const pathOf = ({ kind, owner, name }: Place) => ({ kind, owner, name })

function Heading({ repository }: { repository: Repository }) {
  const reference = `${PLURAL[repository.kind]}/${repository.full_name}`
  return (
    <span className={styles.heading}>
      <span className="soft">{repository.owner}/</span>
      {repository.name} <VisibilityMark visibility={repository.visibility} />
      <CopyButton text={reference} />
    </span>
  )
}

/** Whether a dataset is a corpus of images, sounds or videos. */
function useMedia(place: Place): boolean {
  const query = $api.useQuery(
    'get',
    '/api/v1/data/datasets/{owner}/{name}/media',
    { params: { path: { owner: place.owner, name: place.name }, query: { revision: place.revision, limit: 1 } } },
    { enabled: place.kind === 'dataset', retry: false, staleTime: 60_000 },
  )
  return query.data !== undefined && query.data.kind !== null
}

/** Whether a dataset was made by a pipeline, which says what it kept and why. */
function useCorpus(place: Place): boolean {
  const query = $api.useQuery(
    'get',
    '/api/v1/data/datasets/{owner}/{name}/manifest',
    { params: { path: { owner: place.owner, name: place.name }, query: { revision: place.revision } } },
    { enabled: place.kind === 'dataset', retry: false, staleTime: 60_000 },
  )
  return query.data !== undefined
}

function useTabs(place: Place, repository: Repository) {
  const { t } = useTranslation('hub')
  const { t: data } = useTranslation('data')
  const session = useSession()
  const mayChange = holds(session, repository.org_id, 'maintainer')
  const media = useMedia(place)
  const keepsGate = repository.gated !== 'no' && holds(session, repository.org_id, 'member')
  return [
    { key: 'card', label: t('tab.card'), children: <CardTab place={place} repository={repository} /> },
    ...(media ? [{ key: 'media', label: data('media.title'), children: <MediaView place={place} /> }] : []),
    { key: 'files', label: t('tab.files'), children: <FilesTab place={place} /> },
    { key: 'revisions', label: t('tab.revisions'), children: <CommitsTab place={place} /> },
    ...(place.kind === 'dataset'
      ? [{ key: 'versions', label: data('version.title'), children: <VersionsView place={place} /> }]
      : []),
    {
      key: 'lineage',
      label: t('tab.lineage'),
      children: <LineageView reference={`${PLURAL[place.kind]}/${place.owner}/${place.name}@${place.revision}`} />,
    },
    {
      key: 'discussions',
      label: t('tab.discussions'),
      children: <DiscussionsTab place={place} main={repository.default_branch} />,
    },
    ...(keepsGate ? [{ key: 'access', label: t('tab.access'), children: <AccessTab place={place} /> }] : []),
    ...(mayChange
      ? [{ key: 'settings', label: t('tab.settings'), children: <SettingsTab repository={repository} /> }]
      : []),
  ]
}

function Body({ repository }: { repository: Repository }) {
  const { t } = useTranslation('hub')
  const [params, setParams] = useSearchParams()
  const place: Place = {
    kind: repository.kind,
    owner: repository.owner,
    name: repository.name,
    revision: params.get('revision') ?? repository.default_branch,
  }
  const tabs = useTabs(place, repository)
  const isCorpus = useCorpus(place)
  const choose = (change: Record<string, string | null>) =>
    setParams((current) => {
      const next = new URLSearchParams(current)
      for (const [name, value] of Object.entries(change)) {
        if (value === null) next.delete(name)
        else next.set(name, value)
      }
      return next
    })
  return (
    <Page
      title={repository.full_name}
      heading={<Heading repository={repository} />}
      description={repository.description || repository.title}
      crumbs={[
        { label: t(`${PLURAL[repository.kind]}.title`), to: listPath(repository.kind) },
        { label: repository.full_name },
      ]}
      actions={
        <>
          {isCorpus && (
            <Link
              to={`${repositoryPath('dataset', repository.owner, repository.name)}/quality?revision=${encodeURIComponent(place.revision)}`}
            >
              {t('quality')}
            </Link>
          )}
          <LikeButton place={place} />
          <Collect place={place} />
          <RevisionSelect
            place={place}
            onChoose={(revision) =>
              choose({ revision: revision === repository.default_branch ? null : revision, path: null })
            }
          />
        </>
      }
    >
      <div className="row">
        <GradeMark grade={repository.grade} />
        <Labels repository={repository} />
      </div>
      <AccessGate place={place} />
      <Tabs
        activeKey={params.get('tab') ?? 'card'}
        onChange={(tab) => choose({ tab: tab === 'card' ? null : tab, path: null, number: null, status: null })}
        destroyOnHidden
        items={tabs}
      />
    </Page>
  )
}

export function Component() {
  const kind = useKind()
  const { owner = '', name = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}', {
    params: { path: { kind, owner, name } },
  })
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  if (!query.data) return <Loading />
  return <Body key={query.data.id} repository={query.data} />
}
