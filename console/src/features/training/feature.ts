import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'models/trainings', lazy: () => import('./TrainingsPage'), handle: { help: 'training:help.list' } },
    { path: 'models/trainings/:runId', lazy: () => import('./TrainingPage'), handle: { help: 'training:help.detail' } },
  ],
  nav: [{ room: 'models', path: '/models/trainings', label: 'training:title', order: 20 }],
}

export default feature
