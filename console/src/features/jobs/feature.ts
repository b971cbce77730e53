import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'jobs', lazy: () => import('./JobsPage'), handle: { help: 'jobs:help.list' } },
    { path: 'jobs/:jobId', lazy: () => import('./JobPage'), handle: { help: 'jobs:help.detail' } },
  ],
  nav: [{ room: 'home', path: '/jobs', label: 'jobs:title', order: 20 }],
}

export default feature
