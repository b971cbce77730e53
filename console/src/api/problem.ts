/** An error as the platform tells it (RFC 9457), with its stable code and a hint that says how to mend it. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: string
  hint?: string | null
  errors?: FieldFault[]
  [member: string]: unknown
}

export interface FieldFault {
  field: string
  message?: string
  message_zh?: string
  message_en?: string
}

/** What is wrong with the field, in the language of the page. */
export function faultText(fault: FieldFault): string {
  const own = document.documentElement.lang.startsWith('zh') ? fault.message_zh : fault.message_en
  return own ?? fault.message ?? ''
}

export class ProblemError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ProblemError'
    this.problem = problem
  }

  get status(): number {
    return this.problem.status
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'title' in value && 'status' in value
}

interface Wording {
  zh?: string
  en?: string
}

/** The error of the OpenAI-compatible paths, which keep our wording under `ceyuan`. */
interface OpenAIError {
  error: { message: string; code?: string | null; ceyuan?: { message?: Wording; hint?: Wording } }
}

function isOpenAIError(value: unknown): value is OpenAIError {
  return typeof value === 'object' && value !== null && 'error' in value && typeof value.error === 'object'
}

function fromOpenAI({ error }: OpenAIError, status: number): ProblemError {
  const word = (text: Wording | undefined) => (document.documentElement.lang.startsWith('zh') ? text?.zh : text?.en)
  return new ProblemError({
    type: 'about:blank',
    title: word(error.ceyuan?.message) ?? error.message,
    status,
    detail: '',
    code: error.code ?? 'unknown',
    hint: word(error.ceyuan?.hint) ?? null,
  })
}

/** The problem that a failed response carries; a response that carries none gets one by its status. */
export async function problemOf(response: Response): Promise<ProblemError> {
  try {
    const body: unknown = await response.clone().json()
    if (isOpenAIError(body)) return fromOpenAI(body, response.status)
    if (isProblem(body)) return new ProblemError({ ...body, detail: body.detail ?? '', code: body.code ?? 'unknown' })
  } catch {
    // Not JSON: a proxy in between answered. The status is all there is to tell.
  }
  return new ProblemError({
    type: 'about:blank',
    title: `${response.status} ${response.statusText}`.trim(),
    status: response.status,
    detail: '',
    code: 'unknown',
  })
}

/** Any thrown value as a problem, for display. `offline` is the code of a request that never arrived. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  if (isProblem(error)) return error
  const offline = error instanceof TypeError
  return {
    type: 'about:blank',
    title: '',
    status: 0,
    detail: error instanceof Error && !offline ? error.message : '',
    code: offline ? 'offline' : 'unexpected',
  }
}

/** Field faults as Ant Design's form wants them. */
export function fieldFaults(error: unknown): { name: string[]; errors: string[] }[] {
  return (asProblem(error).errors ?? []).map((fault) => ({ name: fault.field.split('.'), errors: [faultText(fault)] }))
}
