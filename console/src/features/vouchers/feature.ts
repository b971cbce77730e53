import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'programmes/vouchers', lazy: () => import('./VouchersPage'), handle: { help: 'vouchers:help.list' } },
    {
      path: 'programmes/vouchers/:voucherId',
      lazy: () => import('./VoucherPage'),
      handle: { help: 'vouchers:help.detail' },
    },
    { path: 'programmes/schemes', lazy: () => import('./SchemesPage'), handle: { help: 'vouchers:help.schemes' } },
  ],
  nav: [
    { room: 'programmes', path: '/programmes/vouchers', label: 'vouchers:title', order: 0 },
    { room: 'programmes', path: '/programmes/schemes', label: 'vouchers:schemes.title', order: 10 },
  ],
}

export default feature
