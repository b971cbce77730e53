import type { Feature } from '@/app/features'

const pages = [
  { key: 'profile', path: '/settings' },
  { key: 'security', path: '/settings/sessions' },
  { key: 'tokens', path: '/settings/tokens' },
  { key: 'privacy', path: '/settings/privacy' },
  { key: 'invitations', path: '/invitations' },
] as const

const feature: Feature = {
  routes: [
    { path: 'settings', lazy: () => import('./ProfilePage'), handle: { help: 'me:help.profile' } },
    { path: 'settings/sessions', lazy: () => import('./SecurityPage'), handle: { help: 'me:help.security' } },
    { path: 'settings/tokens', lazy: () => import('./TokensPage'), handle: { help: 'me:help.tokens' } },
    { path: 'settings/privacy', lazy: () => import('./PrivacyPage'), handle: { help: 'me:help.privacy' } },
    { path: 'invitations', lazy: () => import('./InvitationsPage'), handle: { help: 'me:help.invitations' } },
  ],
  nav: pages.map(({ key, path }, index) => ({
    room: 'organisation',
    group: 'me:group',
    path,
    label: `me:${key}.title`,
    order: 60 + index,
  })),
}

export default feature
