import { describe, expect, it } from 'vitest'

import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoney,
  formatRelative,
  parseMoney,
  shortHash,
} from '@/lib/format'

describe('money', () => {
  it('shows two decimals for whole amounts', () => {
    expect(formatMoney(1_234_000_000, 'en')).toBe('¥1,234.00')
  })
  it('keeps the price of one call exact to the micro-yuan', () => {
    expect(formatMoney(37, 'zh')).toBe('¥0.000037')
    expect(formatMoney(12_500, 'zh')).toBe('¥0.0125')
  })
  it('puts the sign before the currency', () => {
    expect(formatMoney(-2_500_000, 'en')).toBe('−¥2.50')
  })
  it('does not lose digits of amounts beyond 2^53', () => {
    expect(formatMoney('9007199254740993000001', 'en')).toBe('¥9,007,199,254,740,993.000001')
  })
  it('reads what a person types and refuses what is not an amount', () => {
    expect(parseMoney('12.5')).toBe(12_500_000)
    expect(parseMoney(' ¥0.000037 ')).toBe(37)
    expect(parseMoney('12,5')).toBeNull()
    expect(parseMoney('-3')).toBeNull()
  })
})

describe('sizes and counts', () => {
  it('uses decimal units', () => {
    expect(formatBytes(999, 'en')).toBe('999 B')
    expect(formatBytes(1_500_000, 'en')).toBe('1.5 MB')
    expect(formatBytes(397_000_000, 'en')).toBe('397 MB')
  })
  it('shortens large counts in the units of the language', () => {
    expect(formatCount(9_999, 'zh')).toBe('9,999')
    expect(formatCount(123_456, 'zh')).toBe('12.3万')
    expect(formatCount(1_234_567, 'en')).toBe('1.2M')
  })
})

describe('time', () => {
  it('shows the two largest units of a duration', () => {
    expect(formatDuration(0.0421, 'en')).toBe('42 ms')
    expect(formatDuration(3.14, 'en')).toBe('3.1 s')
    expect(formatDuration(185, 'zh')).toBe('3 分 5 秒')
    expect(formatDuration(90_000, 'en')).toBe('1 d 1 h')
  })
  it('says how long ago', () => {
    const now = new Date('2026-11-22T12:00:00Z')
    expect(formatRelative(new Date('2026-11-22T11:57:00Z'), now, 'en')).toBe('3 minutes ago')
    expect(formatRelative(new Date('2026-11-24T12:00:00Z'), now, 'zh')).toBe('后天')
    expect(formatRelative(new Date('2026-11-22T11:59:50Z'), now, 'en')).toBe('now')
  })
})

it('shortens digests with or without their algorithm', () => {
  expect(shortHash('sha256:0123456789abcdef')).toBe('0123456789')
  expect(shortHash('0123')).toBe('0123')
})
