import type { Feature } from '@/app/features'
import { serves, type Session } from '@/app/session'

const admin = (session: Session) => session.isAdmin
const operator = (session: Session) => serves(session, 'operator')

const feature: Feature = {
  routes: [
    { path: 'administration', lazy: () => import('./AccountsPage'), handle: { help: 'administration:help.accounts' } },
    {
      path: 'administration/organisations',
      lazy: () => import('./OrganisationsPage'),
      handle: { help: 'administration:help.organisations' },
    },
    {
      path: 'administration/announcements',
      lazy: () => import('./AnnouncementsPage'),
      handle: { help: 'administration:help.announcements' },
    },
    {
      path: 'administration/invitations',
      lazy: () => import('./InvitationsPage'),
      handle: { help: 'administration:help.invitations' },
    },
    {
      path: 'administration/sign-on',
      lazy: () => import('./ProvidersPage'),
      handle: { help: 'administration:help.sign-on' },
    },
    {
      path: 'administration/system',
      lazy: () => import('./SystemPage'),
      handle: { help: 'administration:help.system' },
    },
  ],
  nav: [
    { room: 'administration', path: '/administration', label: 'administration:accounts.title', order: 0, allow: admin },
    {
      room: 'administration',
      path: '/administration/organisations',
      label: 'administration:organisations.title',
      order: 10,
      allow: admin,
    },
    {
      room: 'administration',
      path: '/administration/announcements',
      label: 'administration:announcements.title',
      order: 20,
      allow: operator,
    },
    {
      room: 'administration',
      path: '/administration/invitations',
      label: 'administration:invitations.title',
      order: 30,
      allow: operator,
    },
    {
      room: 'administration',
      path: '/administration/sign-on',
      label: 'administration:signOn.title',
      order: 40,
      allow: admin,
    },
    {
      room: 'administration',
      path: '/administration/system',
      label: 'administration:system.title',
      order: 90,
      allow: admin,
    },
  ],
}

export default feature
