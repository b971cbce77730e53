import { describe, expect, it } from 'vitest'

import { features } from '@/app/features'
import en from '@/locales/en'
import zh from '@/locales/zh'

function keysOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [prefix]
  return Object.entries(value).flatMap(([key, child]) => keysOf(child, prefix ? `${prefix}.${key}` : key))
}

function lookup(bundle: Record<string, unknown>, key: string): unknown {
  const [namespace = '', path = ''] = key.split(':')
  return path
    .split('.')
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], bundle[namespace])
}

describe('texts', () => {
  it('exist in both languages under the same keys', () => {
    expect(keysOf(zh).sort()).toEqual(keysOf(en).sort())
  })
  it('are never empty', () => {
    const empty = (bundle: Record<string, unknown>) =>
      keysOf(bundle).filter((key) => {
        const [namespace, ...rest] = key.split('.')
        return lookup(bundle, `${namespace}:${rest.join('.')}`) === ''
      })
    expect([...empty(zh), ...empty(en)]).toEqual([])
  })
})

describe('every page', () => {
  const routes = features.flatMap((feature) => [...feature.routes, ...(feature.open ?? [])])
  it('has help in both languages', () => {
    const missing = features
      .flatMap((feature) => feature.routes)
      .filter((route) => {
        const key = (route.handle as { help?: string } | undefined)?.help ?? 'none:none'
        return [zh, en].some((bundle) => !lookup(bundle, `${key}.title`) || !lookup(bundle, `${key}.body`))
      })
    expect(missing.map((route) => route.path)).toEqual([])
  })
  it('is loaded only when it is opened', () => {
    expect(routes.filter((route) => !route.lazy).map((route) => route.path)).toEqual([])
  })
  it('that the navigation names exists, with a label in both languages', () => {
    const paths = new Set(routes.map((route) => (route.index ? '/' : `/${route.path}`)))
    for (const entry of features.flatMap((feature) => feature.nav)) {
      expect(paths, entry.path).toContain(entry.path)
      for (const bundle of [zh, en]) {
        expect(lookup(bundle, entry.label), entry.label).toBeTypeOf('string')
        if (entry.group) expect(lookup(bundle, entry.group), entry.group).toBeTypeOf('string')
      }
    }
  })
})
