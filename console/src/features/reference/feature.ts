import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [{ path: 'api', lazy: () => import('./ReferencePage'), handle: { help: 'reference:help', guest: true } }],
  nav: [{ room: 'home', path: '/api', label: 'reference:title', order: 90 }],
}

export default feature
