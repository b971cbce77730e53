import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'organisation', lazy: () => import('./ProfilePage'), handle: { help: 'organisation:help.profile' } },
    {
      path: 'organisation/members',
      lazy: () => import('./MembersPage'),
      handle: { help: 'organisation:help.members' },
    },
    { path: 'organisation/teams', lazy: () => import('./TeamsPage'), handle: { help: 'organisation:help.teams' } },
    { path: 'organisation/tokens', lazy: () => import('./TokensPage'), handle: { help: 'organisation:help.tokens' } },
    {
      path: 'organisation/webhooks',
      lazy: () => import('./WebhooksPage'),
      handle: { help: 'organisation:help.webhooks' },
    },
    {
      path: 'organisation/exports',
      lazy: () => import('./ExportsPage'),
      handle: { help: 'organisation:help.exports' },
    },
  ],
  nav: [
    { room: 'organisation', path: '/organisation', label: 'organisation:profile.title', order: 0 },
    { room: 'organisation', path: '/organisation/members', label: 'organisation:members.title', order: 10 },
    { room: 'organisation', path: '/organisation/teams', label: 'organisation:teams.title', order: 20 },
    { room: 'organisation', path: '/organisation/tokens', label: 'organisation:tokens.title', order: 30 },
    { room: 'organisation', path: '/organisation/webhooks', label: 'organisation:webhooks.title', order: 40 },
    { room: 'organisation', path: '/organisation/exports', label: 'organisation:exports.title', order: 50 },
  ],
}

export default feature
