import { api } from '@/api/client'
import type { Feature } from '@/app/features'
import { repositoryPath } from '@/lib/reference'

const lists = [
  { path: 'datasets', room: 'data', order: 10 },
  { path: 'models', room: 'models', order: 10 },
  { path: 'reports', room: 'evaluation', order: 40 },
] as const

const feature: Feature = {
  routes: [
    {
      path: 'hub/collections',
      lazy: () => import('./CollectionsPage'),
      handle: { help: 'hub:help.collections', guest: true },
    },
    {
      path: 'hub/collections/:token',
      lazy: () => import('./CollectionPage'),
      handle: { help: 'hub:help.collections', guest: true },
    },
    { path: 'hub/mirrors', lazy: () => import('./MirrorsPage'), handle: { help: 'hub:help.mirrors' } },
    ...lists.flatMap(({ path }) => [
      {
        path: `hub/${path}`,
        lazy: () => import('./RepositoriesPage'),
        handle: { help: `hub:help.${path}`, guest: true },
      },
      {
        path: `hub/${path}/:owner/:name`,
        lazy: () => import('./RepositoryPage'),
        handle: { help: 'hub:help.repository', guest: true },
      },
    ]),
  ],
  nav: [
    ...lists.map(({ path, room, order }) => ({
      room,
      path: `/hub/${path}`,
      label: `hub:${path}.title`,
      order,
      guest: true,
    })),
    { room: 'models', path: '/hub/collections', label: 'hub:collection.title', order: 12, guest: true },
    { room: 'models', path: '/hub/mirrors', label: 'hub:mirror.title', order: 13 },
  ],
  search: {
    label: 'search.repositories',
    find: async (text, signal) => {
      const { data } = await api.GET('/api/v1/repositories', { params: { query: { text, limit: 8 } }, signal })
      return (data?.items ?? []).map((row) => ({
        path: repositoryPath(row.kind, row.owner, row.name),
        title: row.full_name,
        note: row.title,
      }))
    },
  },
}

export default feature
