import { describe, expect, it } from 'vitest'

import { readListState, writeListState } from '@/lib/listState'

describe('the address of a list page', () => {
  it('gives back filters, sort and cursor', () => {
    const params = new URLSearchParams('status=failed&sort=-created_at&cursor=abc&other=1')
    expect(readListState(params, ['status', 'owner'])).toEqual({
      filters: { status: 'failed' },
      sort: '-created_at',
      cursor: 'abc',
    })
  })
  it('starts again at the first page when a filter changes', () => {
    const next = writeListState(new URLSearchParams('cursor=abc&status=failed'), { filters: { status: 'done' } })
    expect(next.toString()).toBe('status=done')
  })
  it('starts again at the first page when the sort changes', () => {
    expect(writeListState(new URLSearchParams('cursor=abc'), { sort: '-name' }).toString()).toBe('sort=-name')
  })
  it('leaves what it does not know alone', () => {
    expect(writeListState(new URLSearchParams('tab=files'), { cursor: 'x' }).toString()).toBe('tab=files&cursor=x')
  })
})
