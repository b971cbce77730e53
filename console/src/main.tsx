import './styles/global.css'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router/dom'

import { whenSignedOut } from './api/client'
import { ProblemError } from './api/problem'
import { loadPreferences } from './app/preferences'
import { PreferencesProvider } from './app/PreferencesProvider'
import { router } from './app/router'
import { SESSION_KEY } from './app/sessionQuery'
import { startTexts } from './locales'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the platform refused stays refused; only what did not arrive is asked again.
      retry: (failures, error) => failures < 2 && !(error instanceof ProblemError && error.status < 500),
    },
  },
})

// A session that ended in the meantime: asking again who is signed in leads to the sign-in page.
whenSignedOut(() => void queries.invalidateQueries({ queryKey: SESSION_KEY }))

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

void startTexts(loadPreferences().language).then(() =>
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <PreferencesProvider>
          <RouterProvider router={router} />
        </PreferencesProvider>
      </QueryClientProvider>
    </StrictMode>,
  ),
)
