import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { beforeEach, expect, it, vi } from 'vitest'

import { PreferencesContext } from '@/app/preferences'
import { ReviewQueue } from '@/features/data/ReviewQueue'

// The client takes hold of `fetch` when it is loaded.
const platform = vi.hoisted(() => {
  const held: { answer: (request: Request) => Promise<Response> } = {
    answer: () => Promise.reject(new Error('not set')),
  }
  globalThis.fetch = (request) => held.answer(request as Request)
  return held
})

const DOCUMENTS = [0, 1, 2, 3, 4, 5].map((number) => ({
  number,
  document: `doc-${number}`,
  source: 'laws',
  domain: 'law',
  title: '',
  text: `text ${number}`,
  characters: 6,
  disputed: false,
}))

let votes: number[]
let reachable: boolean

const answer = (body: unknown) =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })

beforeEach(() => {
  votes = []
  reachable = true
  platform.answer = async (request) => {
    if (request.method === 'POST') {
      if (!reachable) throw new TypeError('Failed to fetch')
      const sent = (await request.json()) as { votes: { number: number }[] }
      votes.push(...sent.votes.map((vote) => vote.number))
      return answer({ taken: 1, settled: 0, documents: 6 })
    }
    const left = DOCUMENTS.filter((one) => !votes.includes(one.number))
    return answer(request.url.includes('/queue') ? { items: left, waiting: left.length, mine: votes.length } : [])
  }
})

async function opened() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
  const preferences = { theme: 'light', language: 'en', organisation: null, resolvedTheme: 'light' } as const
  const view = render(
    <PreferencesContext value={{ ...preferences, update: () => undefined }}>
      <QueryClientProvider client={client}>
        <MemoryRouter>
          <ReviewQueue reviewId="rvw_1" dataset="datasets/demo/corpus@main" onJudged={() => undefined} />
        </MemoryRouter>
      </QueryClientProvider>
    </PreferencesContext>,
  )
  await screen.findByText('doc-0')
  return view
}

const press = (key: string) => fireEvent.keyDown(window, { key })

it('goes on at once and sends all but the last three judgements', async () => {
  await opened()
  for (let number = 1; number <= 5; number += 1) {
    press('p')
    await screen.findByText(`doc-${number}`)
  }
  expect(votes).toEqual([0, 1])
})

it('takes the last judgements back, one by one, and never sends what was taken back', async () => {
  const view = await opened()
  press('p')
  await screen.findByText('doc-1')
  press('p')
  await screen.findByText('doc-2')
  press('u')
  await screen.findByText('doc-1')
  press('u')
  await screen.findByText('doc-0')
  press('s')
  await screen.findByText('doc-1')
  press('p')
  view.unmount()
  await waitFor(() => expect(votes).toEqual([1]))
})

it('sends what it holds when the page is left, each once', async () => {
  const view = await opened()
  press('p')
  await screen.findByText('doc-1')
  window.dispatchEvent(new Event('pagehide'))
  view.unmount()
  await waitFor(() => expect(votes).toEqual([0]))
})

it('puts a document whose judgement did not arrive before the reviewer again', async () => {
  await opened()
  reachable = false
  for (let number = 1; number <= 4; number += 1) {
    press('p')
    await screen.findByText(number < 4 ? `doc-${number}` : 'doc-0')
  }
  await screen.findByRole('alert')
  expect(votes).toEqual([])
})
