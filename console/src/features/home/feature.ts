import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [{ index: true, lazy: () => import('./HomePage'), handle: { help: 'home:help' } }],
  nav: [{ room: 'home', path: '/', label: 'home:title', order: 0 }],
}

export default feature
