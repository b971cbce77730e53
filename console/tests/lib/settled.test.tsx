import { act, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { useSettled } from '@/lib/settled'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('follows a value only when it has rested', () => {
  const { result, rerender } = renderHook(({ value }) => useSettled(value, 300), { initialProps: { value: 1 } })
  rerender({ value: 2 })
  act(() => vi.advanceTimersByTime(200))
  rerender({ value: 3 })
  act(() => vi.advanceTimersByTime(200))
  expect(result.current).toBe(1)
  act(() => vi.advanceTimersByTime(100))
  expect(result.current).toBe(3)
})
