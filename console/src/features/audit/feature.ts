import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [{ path: 'audit', lazy: () => import('./AuditPage'), handle: { help: 'audit:help' } }],
  nav: [{ room: 'governance', path: '/audit', label: 'audit:title', order: 90 }],
}

export default feature
