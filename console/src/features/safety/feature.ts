import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'governance/safety', lazy: () => import('./ChecksPage'), handle: { help: 'safety:help.list' } },
    { path: 'governance/safety/inspect', lazy: () => import('./InspectPage'), handle: { help: 'safety:help.inspect' } },
    { path: 'governance/safety/:checkId', lazy: () => import('./CheckPage'), handle: { help: 'safety:help.detail' } },
  ],
  nav: [
    { room: 'governance', path: '/governance/safety', label: 'safety:title', order: 20 },
    { room: 'governance', path: '/governance/safety/inspect', label: 'safety:inspect.title', order: 30 },
  ],
}

export default feature
