import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'evaluation/runs', lazy: () => import('./RunsPage'), handle: { help: 'evaluation:help.list' } },
    { path: 'evaluation/runs/:runId', lazy: () => import('./RunPage'), handle: { help: 'evaluation:help.detail' } },
    { path: 'evaluation/families', lazy: () => import('./FamiliesPage'), handle: { help: 'evaluation:help.families' } },
  ],
  nav: [
    { room: 'evaluation', path: '/evaluation/runs', label: 'evaluation:title', order: 0 },
    { room: 'evaluation', path: '/evaluation/families', label: 'evaluation:families.title', order: 20 },
  ],
}

export default feature
