import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'approvals', lazy: () => import('./ApprovalsPage'), handle: { help: 'workflow:help.list' } },
    { path: 'approvals/:instanceId', lazy: () => import('./ApprovalPage'), handle: { help: 'workflow:help.detail' } },
  ],
  nav: [{ room: 'home', path: '/approvals', label: 'workflow:approvals.title', order: 15 }],
}

export default feature
