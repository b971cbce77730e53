import { PlusOutlined } from '@ant-design/icons'
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { useSession } from '@/app/session'
import { useListState, type ListControls } from '@/lib/listState'
import type { RepositoryKind } from '@/lib/reference'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Page } from '@/ui/Page'
import { Pager } from '@/ui/Pager'
import { Snippet } from '@/ui/Snippet'

import { Facets } from './Facets'
import { GRADES, PLURAL, SIZES, useKind, type Repository } from './kinds'
import { NewRepository } from './NewRepository'
import styles from './Repositories.module.css'
import { RepositoryCard } from './RepositoryCard'

const FILTERS = ['text', 'owner', 'licence', 'language', 'task', 'tag', 'size', 'grade'] as const
const SORTS = ['-updated_at', '-created_at', 'name', '-downloads', '-likes', '-bytes'] as const

export function queryOf(kind: RepositoryKind, filters: Record<string, string>) {
  const list = (name: string) => (filters[name] ? [filters[name]] : undefined)
  return {
    kind,
    text: filters.text,
    owner: filters.owner,
    licence: list('licence'),
    language: list('language'),
    task: list('task'),
    tag: list('tag'),
    size: SIZES.find((size) => size === filters.size),
    grade: GRADES.find((grade) => grade === filters.grade),
  }
}

function Toolbar({ list }: { list: ListControls }) {
  const { t } = useTranslation('hub')
  return (
    <div className={styles.toolbar}>
      <Input.Search
        key={list.filters.text ?? ''}
        className={styles.search ?? ''}
        allowClear
        placeholder={t('search')}
        aria-label={t('search')}
        defaultValue={list.filters.text}
        onSearch={(text) => list.setFilter('text', text.trim() || null)}
      />
      <Select
        aria-label={t('sort.label')}
        value={list.sort ?? SORTS[0]}
        onChange={(sort: string) => list.setSort(sort === SORTS[0] ? null : sort)}
        options={SORTS.map((sort) => ({ value: sort, label: t(`sort.${sort.replace('-', '')}`) }))}
        style={{ minWidth: 140 }}
      />
    </div>
  )
}

function Nothing({ kind, filtered, onNew }: { kind: RepositoryKind; filtered: boolean; onNew: () => void }) {
  const { t } = useTranslation('hub')
  const { isGuest } = useSession()
  if (filtered) return <EmptyState title={t('noMatch')} />
  if (isGuest) return <EmptyState title={t('guest.empty')} next={t('guest.next')} />
  return (
    <EmptyState
      title={t(`${PLURAL[kind]}.empty`)}
      next={t(`${PLURAL[kind]}.next`)}
      action={
        <Button type="primary" onClick={onNew}>
          {t('new.title')}
        </Button>
      }
    >
      <Snippet
        sources={[
          {
            label: 'CLI',
            code: `ceyuan hub create ${kind} OWNER/NAME\nceyuan hub upload ${PLURAL[kind]}/OWNER/NAME ./folder`,
          },
          {
            label: 'Python',
            code: `from ceyuan.sdk import Client\n\nclient = Client()\nclient.hub.upload("${PLURAL[kind]}/OWNER/NAME", "./folder")`,
          },
        ]}
      />
    </EmptyState>
  )
}

export function Component() {
  const { t } = useTranslation('hub')
  const { isGuest } = useSession()
  const kind = useKind()
  const list = useListState(FILTERS)
  const [creating, setCreating] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/repositories',
    {
      params: {
        query: {
          ...queryOf(kind, list.filters),
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 20,
        },
      },
    },
    { placeholderData: (held) => (held?.items[0]?.kind === kind ? held : undefined) },
  )
  const rows: Repository[] = query.data?.items ?? []
  const filtered = Object.keys(list.filters).length > 0
  return (
    <Page
      title={t(`${PLURAL[kind]}.title`)}
      description={t(`${PLURAL[kind]}.description`)}
      actions={
        !isGuest && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
            {t('new.title')}
          </Button>
        )
      }
    >
      {Boolean(query.error) && !query.data && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
      <div className={styles.layout}>
        <Facets kind={kind} list={list} />
        <div className={styles.results} aria-busy={query.isFetching}>
          <Toolbar list={list} />
          {query.isPending && <div className={styles.pending} />}
          {rows.map((row) => (
            <RepositoryCard key={row.id} repository={row} />
          ))}
          {query.data && rows.length === 0 && (
            <Nothing kind={kind} filtered={filtered} onNew={() => setCreating(true)} />
          )}
          <Pager list={list} next={query.data?.next} />
        </div>
      </div>
      {!isGuest && <NewRepository kind={kind} open={creating} onClose={() => setCreating(false)} />}
    </Page>
  )
}
