import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'models/releases', lazy: () => import('./ReleasesPage'), handle: { help: 'releases:help.list' } },
    {
      path: 'models/releases/:releaseId',
      lazy: () => import('./ReleasePage'),
      handle: { help: 'releases:help.detail' },
    },
  ],
  nav: [{ room: 'models', path: '/models/releases', label: 'releases:title', order: 25 }],
}

export default feature
