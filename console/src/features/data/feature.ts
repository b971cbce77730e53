import type { Feature } from '@/app/features'

const feature: Feature = {
  routes: [
    { path: 'data/sources', lazy: () => import('./SourcesPage'), handle: { help: 'data:help.sources' } },
    { path: 'data/sources/mapping', lazy: () => import('./MappingPage'), handle: { help: 'data:help.mapping' } },
    { path: 'data/sources/:sourceId', lazy: () => import('./SourcePage'), handle: { help: 'data:help.sources' } },
    { path: 'data/schedules', lazy: () => import('./SchedulesPage'), handle: { help: 'data:help.schedules' } },
    { path: 'data/pipelines', lazy: () => import('./PipelinesPage'), handle: { help: 'data:help.pipelines' } },
    { path: 'data/operators', lazy: () => import('./OperatorsPage'), handle: { help: 'data:help.operators' } },
    { path: 'data/mixtures', lazy: () => import('./MixturesPage'), handle: { help: 'data:help.mixtures' } },
    { path: 'data/reviews', lazy: () => import('./ReviewsPage'), handle: { help: 'data:help.reviews' } },
    { path: 'data/reviews/:reviewId', lazy: () => import('./ReviewPage'), handle: { help: 'data:help.reviews' } },
    { path: 'data/pipelines/:jobId', lazy: () => import('./RunPage'), handle: { help: 'data:help.pipelines' } },
    {
      path: 'hub/datasets/:owner/:name/quality',
      lazy: () => import('./QualityPage'),
      handle: { help: 'data:help.quality' },
    },
  ],
  nav: [
    { room: 'data', path: '/data/sources', label: 'data:sources.title', order: 0 },
    { room: 'data', path: '/data/pipelines', label: 'data:pipelines.title', order: 5 },
    { room: 'data', path: '/data/operators', label: 'data:operator.title', order: 5.5 },
    { room: 'data', path: '/data/schedules', label: 'data:schedules.title', order: 6 },
    { room: 'data', path: '/data/reviews', label: 'data:review.title', order: 8 },
    { room: 'data', path: '/data/mixtures', label: 'data:mix.title', order: 9 },
  ],
}

export default feature
