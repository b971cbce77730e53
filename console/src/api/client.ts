import createFetchClient, { type Middleware } from 'openapi-fetch'
import createQueryClient from 'openapi-react-query'

import { ProblemError, problemOf } from './problem'
import type { paths } from './schema'

/** The language in which the platform words its errors; the preferences keep it in step. */
let language = 'zh'

export function speak(next: string): void {
  language = next
}

const conventions: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept-Language', language)
    return request
  },
  async onResponse({ response }) {
    if (response.ok) return undefined
    const error = await problemOf(response)
    if (error.status === 401) onSignedOut()
    throw error
  },
}

let onSignedOut: () => void = () => undefined

/** What to do when the platform no longer knows who asks (the session has ended). */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act
}

/** The typed client of the platform's API; every failed answer is thrown as a `ProblemError`. */
export const api = createFetchClient<paths>({ baseUrl: '/' })
api.use(conventions)

/** The same as hooks of TanStack Query; keys are [method, path, init]. */
export const $api = createQueryClient(api)

/** A request outside the typed client: streams, uploads, `/v1`. Fails like the client does. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Accept-Language', language)
  const response = await fetch(path, { ...init, headers })
  if (!response.ok) throw await problemOf(response)
  return response
}

export { ProblemError }
export type { components, paths } from './schema'
