import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'models/prompts', lazy: () => import('./PromptsPage'), handle: { help: 'prompts:help' } },
    { path: 'models/prompts/:promptId', lazy: () => import('./PromptPage'), handle: { help: 'prompts:help' } },
  ],
  nav: [{ room: 'models', path: '/models/prompts', label: 'prompts:title', order: 42, group: 'gateway:group' }],
}

export default feature
