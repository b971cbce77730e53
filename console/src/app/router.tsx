import { createBrowserRouter } from 'react-router'

import { Shell } from '@/layout/Shell'

import { ErrorPage, NotFoundPage } from './ErrorPage'
import { features, ROOMS } from './features'
import { RoomIndex } from './RoomIndex'

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
              children: [
                ...features.flatMap((feature) => feature.routes),
                ...ROOMS.map((room) => ({ path: room, element: <RoomIndex room={room} /> })),
                { path: '*', element: <NotFoundPage /> },
              ],
            },
          ],
        },
      ],
    },
  ],
  { basename: '/console' },
)
