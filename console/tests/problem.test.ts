import { describe, expect, it } from 'vitest'

import { asProblem, fieldFaults, ProblemError, problemOf } from '@/api/problem'

const answer = (body: unknown, status: number) => new Response(JSON.stringify(body), { status })

describe('a failed answer', () => {
  it('keeps title, code and hint of a problem document', async () => {
    const { problem } = await problemOf(
      answer(
        { title: '没有权限', status: 403, detail: '需要组织角色 owner', code: 'forbidden', hint: '请联系管理员' },
        403,
      ),
    )
    expect(problem).toMatchObject({
      title: '没有权限',
      detail: '需要组织角色 owner',
      code: 'forbidden',
      hint: '请联系管理员',
    })
  })
  it('of the OpenAI-compatible paths is worded in the language of the page', async () => {
    document.documentElement.lang = 'zh-CN'
    const body = {
      error: {
        message: 'no funds. top up',
        code: 'payment_required',
        ceyuan: { message: { zh: '余额不足', en: 'no funds' }, hint: { zh: '请充值', en: 'top up' } },
      },
    }
    expect((await problemOf(answer(body, 402))).problem).toMatchObject({
      title: '余额不足',
      hint: '请充值',
      status: 402,
    })
  })
  it('that is no JSON is told by its status', async () => {
    const { problem } = await problemOf(new Response('<html>', { status: 502, statusText: 'Bad Gateway' }))
    expect(problem).toMatchObject({ title: '502 Bad Gateway', code: 'unknown' })
  })
})

it('a request that never arrived is told from a fault of the page', () => {
  expect(asProblem(new TypeError('Failed to fetch')).code).toBe('offline')
  expect(asProblem(new Error('x')).code).toBe('unexpected')
})

it('faults of fields go to the fields of the form', () => {
  document.documentElement.lang = 'en'
  const problem = {
    type: '',
    title: '',
    status: 422,
    detail: '',
    code: 'invalid',
    errors: [
      { field: 'plan.seed', message: 'too large' },
      { field: 'name', message_zh: '必填', message_en: 'is required' },
    ],
  }
  expect(fieldFaults(new ProblemError(problem))).toEqual([
    { name: ['plan', 'seed'], errors: ['too large'] },
    { name: ['name'], errors: ['is required'] },
  ])
})
