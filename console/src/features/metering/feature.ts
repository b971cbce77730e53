import type { Feature } from '@/app/features'
import { serves, type Session } from '@/app/session'

const operator = (session: Session) => serves(session, 'operator')

const feature: Feature = {
  routes: [
    { path: 'billing', lazy: () => import('./BalancePage'), handle: { help: 'metering:help.balance' } },
    { path: 'billing/usage', lazy: () => import('./UsagePage'), handle: { help: 'metering:help.usage' } },
    { path: 'billing/ledger', lazy: () => import('./LedgerPage'), handle: { help: 'metering:help.ledger' } },
    { path: 'billing/quotas', lazy: () => import('./QuotasPage'), handle: { help: 'metering:help.quotas' } },
    { path: 'billing/bills', lazy: () => import('./BillsPage'), handle: { help: 'metering:help.bills' } },
    { path: 'billing/prices', lazy: () => import('./PricesPage'), handle: { help: 'metering:help.prices' } },
    { path: 'administration/books', lazy: () => import('./BooksPage'), handle: { help: 'metering:help.books' } },
  ],
  nav: [
    { room: 'organisation', group: 'metering:group', path: '/billing', label: 'metering:balance.title', order: 40 },
    { room: 'organisation', group: 'metering:group', path: '/billing/usage', label: 'metering:usage.title', order: 41 },
    {
      room: 'organisation',
      group: 'metering:group',
      path: '/billing/ledger',
      label: 'metering:ledger.title',
      order: 42,
    },
    {
      room: 'organisation',
      group: 'metering:group',
      path: '/billing/quotas',
      label: 'metering:quotas.title',
      order: 43,
    },
    { room: 'organisation', group: 'metering:group', path: '/billing/bills', label: 'metering:bills.title', order: 44 },
    {
      room: 'organisation',
      group: 'metering:group',
      path: '/billing/prices',
      label: 'metering:prices.title',
      order: 45,
    },
    {
      room: 'administration',
      path: '/administration/books',
      label: 'metering:books.title',
      order: 80,
      allow: operator,
    },
  ],
}

export default feature
