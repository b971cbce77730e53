import { describe, expect, it } from 'vitest'

import { addressesOf, fileOf } from '@/lib/cardAddress'

describe('what a card names', () => {
  it('is a file of its repository where no site and no root is said', () => {
    expect(fileOf('figures/loss.png')).toBe('figures/loss.png')
    expect(fileOf('./图 1.png')).toBe('图 1.png')
    expect(fileOf('../a.md', 'docs/zh')).toBe('docs/a.md')
    expect(fileOf('../../../etc/passwd')).toBe('etc/passwd')
  })
  it('leads elsewhere otherwise', () => {
    for (const address of ['', '#top', '/datasets/x/y', 'https://example.cn/a.png', 'javascript:alert(1)', '%zz']) {
      expect(fileOf(address)).toBeNull()
    }
  })
  it('has a page and an address of its content', () => {
    const { page, picture } = addressesOf({ kind: 'dataset', owner: 'lab', name: 'set', revision: 'refs/pr/1' })
    expect(page('data/a b.md')).toBe('/hub/datasets/lab/set?revision=refs%2Fpr%2F1&tab=files&path=data%2Fa+b.md')
    expect(picture('a b/图.png')).toBe('/datasets/lab/set/resolve/refs%2Fpr%2F1/a%20b/%E5%9B%BE.png')
    expect(picture('https://example.cn/a.png')).toBeNull()
    expect(addressesOf({ kind: 'model', owner: 'lab', name: 'm', revision: 'main' }).picture('a.png')).toBe(
      '/lab/m/resolve/main/a.png',
    )
  })
})
