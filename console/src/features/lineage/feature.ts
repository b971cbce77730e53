import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [{ path: 'lineage', lazy: () => import('./LineagePage'), handle: { help: 'lineage:help' } }],
  nav: [{ room: 'home', path: '/lineage', label: 'lineage:title', order: 30 }],
}

export default feature
