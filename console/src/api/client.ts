import createFetchClient, { type Middleware } from 'openapi-fetch'
import createQueryClient from 'openapi-react-query'

import { ProblemError, problemOf } from './problem'
import type { paths } from './schema'

/** The language in which the platform words its errors; the preferences keep it in step. */
let language = 'zh'

export function speak(next: string): void {
  language = next
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The token that a change under this browser's session must carry; the platform keeps it in a cookie. */
function csrfToken(): string | null {
  return /(?:^|; )ceyuan_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? null
}

function prepare(headers: Headers, method: string): void {
  headers.set('Accept-Language', language)
  const token = READING.has(method) ? null : csrfToken()
  if (token) headers.set('X-CSRF-Token', token)
}

const conventions: Middleware = {
  onRequest({ request }) {
    prepare(request.headers, request.method)
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
  prepare(headers, (init.method ?? 'GET').toUpperCase())
  const response = await fetch(path, { ...init, headers })
  if (!response.ok) throw await problemOf(response)
  return response
}

export { ProblemError }
export type { paths } from './schema'
