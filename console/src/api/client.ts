import createFetchClient, { type Middleware } from 'openapi-fetch'
import createQueryClient from 'openapi-react-query'

import { ProblemError, problemOf } from './problem'
import type { paths } from './schema'

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The token that a change under this browser's session must carry; the platform keeps it in a cookie. */
function csrfToken(): string | null {
  return /(?:^|; )ceyuan_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? null
}

function prepare(headers: Headers, method: string): void {
  // The platform words its errors in the language of the page.
  headers.set('Accept-Language', document.documentElement.lang)
  const token = READING.has(method) ? null : csrfToken()
  if (token) headers.set('X-CSRF-Token', token)
}

/** Where a 401 is an answer and no sign of an ended session. */
const ASKS_WHO: ReadonlySet<string> = new Set(['/api/v1/me', '/api/v1/auth/sign-in'])

const conventions: Middleware = {
  onRequest({ request }) {
    prepare(request.headers, request.method)
    return request
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined
    const error = await problemOf(response)
    if (error.status === 401 && !ASKS_WHO.has(schemaPath)) onSignedOut()
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
