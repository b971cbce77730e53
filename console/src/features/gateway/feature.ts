import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'models/served', lazy: () => import('./ServedPage'), handle: { help: 'gateway:help.served' } },
    { path: 'models/playground', lazy: () => import('./PlaygroundPage'), handle: { help: 'gateway:help.playground' } },
    { path: 'models/keys', lazy: () => import('./KeysPage'), handle: { help: 'gateway:help.keys' } },
    { path: 'models/calls', lazy: () => import('./CallsPage'), handle: { help: 'gateway:help.calls' } },
    { path: 'models/routes', lazy: () => import('./RoutesPage'), handle: { help: 'gateway:help.routes' } },
    {
      path: 'models/deployments',
      lazy: () => import('./DeploymentsPage'),
      handle: { help: 'gateway:help.deployments' },
    },
    { path: 'models/batches', lazy: () => import('./BatchesPage'), handle: { help: 'gateway:help.batches' } },
    { path: 'models/usage', lazy: () => import('./UsagePage'), handle: { help: 'gateway:help.usage' } },
    { path: 'models/errors', lazy: () => import('./ErrorsPage'), handle: { help: 'gateway:help.errors' } },
    { path: 'models/policy', lazy: () => import('./PolicyPage'), handle: { help: 'gateway:help.policy' } },
    { path: 'models/calls/:callId', lazy: () => import('./CallPage'), handle: { help: 'gateway:help.calls' } },
    { path: 'governance/monitoring', lazy: () => import('./MonitorPage'), handle: { help: 'gateway:help.monitor' } },
  ],
  nav: [
    { room: 'models', path: '/models/served', label: 'gateway:served.title', order: 30, group: 'gateway:group' },
    {
      room: 'models',
      path: '/models/playground',
      label: 'gateway:playground.title',
      order: 40,
      group: 'gateway:group',
    },
    { room: 'models', path: '/models/keys', label: 'gateway:keys.title', order: 50, group: 'gateway:group' },
    {
      room: 'models',
      path: '/models/deployments',
      label: 'gateway:deploy.title',
      order: 32,
      group: 'gateway:group',
    },
    { room: 'models', path: '/models/batches', label: 'gateway:batches.title', order: 45, group: 'gateway:group' },
    { room: 'models', path: '/models/routes', label: 'gateway:routes.title', order: 35, group: 'gateway:group' },
    { room: 'models', path: '/models/usage', label: 'gateway:usage.title', order: 55, group: 'gateway:group' },
    { room: 'models', path: '/models/calls', label: 'gateway:calls.title', order: 60, group: 'gateway:group' },
    { room: 'models', path: '/models/errors', label: 'gateway:errors.title', order: 65, group: 'gateway:group' },
    { room: 'models', path: '/models/policy', label: 'gateway:policy.title', order: 70, group: 'gateway:group' },
    { room: 'governance', path: '/governance/monitoring', label: 'gateway:monitor.title', order: 0 },
  ],
}

export default feature
