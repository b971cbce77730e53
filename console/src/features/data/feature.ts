import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'data/sources', lazy: () => import('./SourcesPage'), handle: { help: 'data:help.sources' } },
    { path: 'data/sources/:sourceId', lazy: () => import('./SourcePage'), handle: { help: 'data:help.sources' } },
    { path: 'data/pipelines', lazy: () => import('./PipelinesPage'), handle: { help: 'data:help.pipelines' } },
    {
      path: 'hub/datasets/:owner/:name/quality',
      lazy: () => import('./QualityPage'),
      handle: { help: 'data:help.quality' },
    },
  ],
  nav: [
    { room: 'data', path: '/data/sources', label: 'data:sources.title', order: 0 },
    { room: 'data', path: '/data/pipelines', label: 'data:pipelines.title', order: 5 },
  ],
}

export default feature
