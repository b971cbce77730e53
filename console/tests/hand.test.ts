import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { Hand } from '@/features/data/hand'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('holds the last few, and sends the oldest when one more comes', () => {
  const sent: number[] = []
  const hand = new Hand<number>((one) => sent.push(one), 2)
  ;[1, 2, 3, 4].forEach((one) => hand.give(one, 1000))
  expect(sent).toEqual([1, 2])
  expect([hand.take(1000), hand.take(1000), hand.take(1000)]).toEqual([4, 3, undefined])
  vi.advanceTimersByTime(5000)
  expect(sent).toEqual([1, 2])
})

it('sends what is held once nothing was decided for a while', () => {
  const sent: number[] = []
  const counts: number[] = []
  const hand = new Hand<number>(
    (one) => sent.push(one),
    3,
    (held) => counts.push(held),
  )
  hand.give(1, 1000)
  vi.advanceTimersByTime(900)
  hand.give(2, 1000)
  vi.advanceTimersByTime(900)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(100)
  expect(sent).toEqual([1, 2])
  expect(counts).toEqual([1, 2, 0])
})

it('sends everything when the page is left, each only once', () => {
  const sent: number[] = []
  const hand = new Hand<number>((one) => sent.push(one), 3)
  hand.give(1, 1000)
  hand.give(2, 1000)
  hand.flush()
  hand.flush()
  vi.advanceTimersByTime(5000)
  expect(sent).toEqual([1, 2])
})
