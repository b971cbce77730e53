import type { Feature } from '@/app/features'

const pages = ['profile', 'security', 'tokens', 'invitations'] as const

const feature: Feature = {
  routes: [
    { path: 'me', lazy: () => import('./ProfilePage'), handle: { help: 'me:help.profile' } },
    { path: 'me/security', lazy: () => import('./SecurityPage'), handle: { help: 'me:help.security' } },
    { path: 'me/tokens', lazy: () => import('./TokensPage'), handle: { help: 'me:help.tokens' } },
    { path: 'invitations', lazy: () => import('./InvitationsPage'), handle: { help: 'me:help.invitations' } },
  ],
  nav: pages.map((page, index) => ({
    room: 'organisation',
    group: 'me:group',
    path: page === 'profile' ? '/me' : page === 'invitations' ? '/invitations' : `/me/${page}`,
    label: `me:${page}.title`,
    order: 60 + index,
  })),
}

export default feature
