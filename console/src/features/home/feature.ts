import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { index: true, lazy: () => import('./HomePage'), handle: { help: 'home:help.home' } },
    { path: 'todo', lazy: () => import('./TodoPage'), handle: { help: 'home:help.todo' } },
  ],
  nav: [
    { room: 'home', path: '/', label: 'home:title', order: 0 },
    { room: 'home', path: '/todo', label: 'home:inbox.title', order: 10 },
  ],
}

export default feature
