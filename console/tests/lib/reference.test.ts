import { describe, expect, it } from 'vitest'

import { parseReference, referencePath, repositoryPath } from '@/lib/reference'

describe('references to revisions', () => {
  it('lead to the page of the repository at that revision', () => {
    expect(referencePath('datasets/demo/corpus-zh@0a1b2c3')).toBe('/hub/datasets/demo/corpus-zh?revision=0a1b2c3')
    expect(repositoryPath('model', 'demo', 'mini-zh')).toBe('/hub/models/demo/mini-zh')
  })
  it('lead nowhere when they do not say the kind', () => {
    expect(parseReference('demo/mini-zh')).toEqual({ kind: null, owner: 'demo', name: 'mini-zh', revision: null })
    expect(referencePath('demo/mini-zh')).toBeNull()
  })
  it('are told from other texts', () => {
    expect(parseReference('just words')).toBeNull()
    expect(parseReference('a/b/c/d')).toBeNull()
  })
})
