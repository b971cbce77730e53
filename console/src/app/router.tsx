import { createBrowserRouter } from 'react-router'

import { Shell } from '@/layout/Shell'

import { ErrorPage, NotFoundPage } from './ErrorPage'
import { features } from './features'

const Blank = () => null

export const router = createBrowserRouter(
  [
    {
      errorElement: <ErrorPage />,
      HydrateFallback: Blank,
      children: [
        ...features.flatMap((feature) => feature.open ?? []),
        {
          element: <Shell />,
          children: [
            {
              errorElement: <ErrorPage />,
              children: [...features.flatMap((feature) => feature.routes), { path: '*', element: <NotFoundPage /> }],
            },
          ],
        },
      ],
    },
  ],
  { basename: '/console' },
)
