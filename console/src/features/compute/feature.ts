import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'compute/overview', lazy: () => import('./OverviewPage'), handle: { help: 'overview:help' } },
    { path: 'compute/twin', lazy: () => import('./TwinPage'), handle: { help: 'twin:help' } },
    { path: 'compute/twin/new', lazy: () => import('./StudyForm'), handle: { help: 'twin:help' } },
    { path: 'compute/twin/:studyId', lazy: () => import('./StudyPage'), handle: { help: 'twin:help' } },
    {
      path: 'compute/offers',
      lazy: () => import('./OffersPage'),
      handle: { help: 'compute:help.offers', guest: true },
    },
    {
      path: 'compute/offers/:offerId',
      lazy: () => import('./OfferPage'),
      handle: { help: 'compute:help.offer', guest: true },
    },
    {
      path: 'compute/offers/compare',
      lazy: () => import('./ComparePage'),
      handle: { help: 'compute:help.compare', guest: true },
    },
    { path: 'compute/plan', lazy: () => import('./PlanPage'), handle: { help: 'compute:help.plan', guest: true } },
    { path: 'compute/partners', lazy: () => import('./PartnersPage'), handle: { help: 'compute:help.partners' } },
    {
      path: 'compute/partners/:partnerId',
      lazy: () => import('./PartnerPage'),
      handle: { help: 'compute:help.partner' },
    },
    { path: 'compute/pools', lazy: () => import('./PoolsPage'), handle: { help: 'tasks:help.pools' } },
    { path: 'compute/pools/:poolId', lazy: () => import('./PoolPage'), handle: { help: 'tasks:help.pool' } },
    { path: 'compute/tasks', lazy: () => import('./TasksPage'), handle: { help: 'tasks:help.list' } },
    { path: 'compute/tasks/:taskId', lazy: () => import('./TaskPage'), handle: { help: 'tasks:help.detail' } },
  ],
  nav: [
    { room: 'compute', path: '/compute/overview', label: 'overview:title', order: -5 },
    { room: 'compute', path: '/compute/offers', label: 'compute:offers.title', order: 0, guest: true },
    { room: 'compute', path: '/compute/tasks', label: 'tasks:title', order: 5 },
    { room: 'compute', path: '/compute/pools', label: 'tasks:pools.title', order: 7 },
    { room: 'compute', path: '/compute/twin', label: 'twin:title', order: 8 },
    { room: 'compute', path: '/compute/plan', label: 'compute:plan.title', order: 10, guest: true },
    { room: 'compute', path: '/compute/partners', label: 'compute:partners.title', order: 20 },
  ],
}

export default feature
