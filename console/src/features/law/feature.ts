import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'scenarios/law', lazy: () => import('./AssistantsPage'), handle: { help: 'law:help.list' } },
    { path: 'scenarios/law/answers/:answerId', lazy: () => import('./AnswerPage'), handle: { help: 'law:help.chat' } },
    { path: 'scenarios/law/:assistantId', lazy: () => import('./ChatPage'), handle: { help: 'law:help.chat' } },
    {
      path: 'scenarios/law/:assistantId/answers',
      lazy: () => import('./AnswersPage'),
      handle: { help: 'law:help.answers' },
    },
  ],
  nav: [{ room: 'scenarios', path: '/scenarios/law', label: 'law:title', order: 12 }],
}

export default feature
