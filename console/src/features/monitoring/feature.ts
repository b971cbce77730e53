import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    {
      path: 'governance/incidents',
      lazy: () => import('./IncidentsPage'),
      handle: { help: 'monitoring:help.incidents' },
    },
    {
      path: 'governance/incidents/:incidentId',
      lazy: () => import('./IncidentPage'),
      handle: { help: 'monitoring:help.incident' },
    },
    { path: 'governance/rules', lazy: () => import('./RulesPage'), handle: { help: 'monitoring:help.rules' } },
  ],
  nav: [
    { room: 'governance', path: '/governance/incidents', label: 'monitoring:incidents.title', order: 5 },
    { room: 'governance', path: '/governance/rules', label: 'monitoring:rules.title', order: 10 },
  ],
}

export default feature
