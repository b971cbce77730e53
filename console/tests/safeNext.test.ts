import { expect, it } from 'vitest'

import { safeNext } from '@/features/access/useEntry'

it('leads back to the page that asked for the sign-in', () => {
  expect(safeNext('/jobs?state=failed')).toBe('/jobs?state=failed')
})

it('never leads to another site', () => {
  for (const trap of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', null, '']) {
    expect(safeNext(trap)).toBe('/')
  }
})
