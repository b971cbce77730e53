import type { Language } from '@/app/preferences'

const tags: Record<Language, string> = { zh: 'zh-CN', en: 'en-US' }

const MICRO = 1_000_000n

function group(value: bigint, language: Language): string {
  return new Intl.NumberFormat(tags[language]).format(value)
}

/**
 * Money from integer micro-yuan, exactly: two decimals at least, six at most, so that the price of
 * a single call does not round to nothing.
 */
export function formatMoney(micro: number | string | bigint, language: Language): string {
  const amount = BigInt(typeof micro === 'number' ? Math.trunc(micro) : micro)
  const negative = amount < 0n
  const absolute = negative ? -amount : amount
  const fraction = (absolute % MICRO)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '')
  return `${negative ? '−' : ''}¥${group(absolute / MICRO, language)}.${fraction}`
}

/** Micro-yuan from what a person typed ("12.5"), or null when it is not an amount. */
export function parseMoney(text: string): number | null {
  const match = /^\s*¥?\s*(\d{1,9})(?:\.(\d{1,6}))?\s*$/.exec(text)
  if (!match) return null
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'))
}

const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

/** Bytes in decimal units (1 MB = 1,000,000 B), as the hubs of the field print them. */
export function formatBytes(bytes: number, language: Language): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${formatNumber(value, language, digits)} ${BYTE_UNITS[unit] ?? 'B'}`
}

export function formatNumber(value: number, language: Language, digits = 0): string {
  return new Intl.NumberFormat(tags[language], { maximumFractionDigits: digits }).format(value)
}

/** Large counts shortened in the reader's own units: 1.2万 in Chinese, 12K in English. */
export function formatCount(value: number, language: Language): string {
  if (Math.abs(value) < 10_000) return formatNumber(value, language)
  return new Intl.NumberFormat(tags[language], { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

export function formatPercent(ratio: number, language: Language, digits = 1): string {
  return new Intl.NumberFormat(tags[language], { style: 'percent', maximumFractionDigits: digits }).format(ratio)
}

const DURATION_UNITS = {
  zh: { day: ' 天', hour: ' 小时', minute: ' 分', second: ' 秒', milli: ' 毫秒' },
  en: { day: ' d', hour: ' h', minute: ' min', second: ' s', milli: ' ms' },
} as const

/** A length of time in its two largest units. `seconds` may be fractional. */
export function formatDuration(seconds: number, language: Language): string {
  const unit = DURATION_UNITS[language]
  if (seconds < 1) return `${Math.round(seconds * 1000)}${unit.milli}`
  if (seconds < 10) return `${formatNumber(seconds, language, 1)}${unit.second}`
  const whole = Math.round(seconds)
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), unit.day],
    [Math.floor((whole % 86_400) / 3_600), unit.hour],
    [Math.floor((whole % 3_600) / 60), unit.minute],
    [whole % 60, unit.second],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count}${name}`)
    .join(' ')
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** "3 minutes ago" and "in 2 days"; below a minute simply "now". */
export function formatRelative(time: Date, now: Date, language: Language): string {
  const seconds = (time.getTime() - now.getTime()) / 1000
  const format = new Intl.RelativeTimeFormat(tags[language], { numeric: 'auto' })
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit)
  }
  return format.format(0, 'second')
}

export function formatDateTime(time: Date, language: Language, withSeconds = false): string {
  return new Intl.DateTimeFormat(tags[language], {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
    hour12: false,
  }).format(time)
}

export function formatDate(time: Date, language: Language): string {
  return new Intl.DateTimeFormat(tags[language], { year: 'numeric', month: '2-digit', day: '2-digit' }).format(time)
}

/** The first characters of a digest, which people compare by eye. */
export function shortHash(hash: string, length = 10): string {
  const bare = hash.replace(/^sha256:/, '')
  return bare.length > length ? bare.slice(0, length) : bare
}
