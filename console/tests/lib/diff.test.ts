import { describe, expect, it } from 'vitest'

import { diffText } from '@/lib/diff'

const side = (before: string, after: string, kinds: string[]) =>
  diffText(before, after)
    .filter((part) => kinds.includes(part.kind))
    .map((part) => part.text)
    .join('')

describe('the difference of two texts', () => {
  it('gives back both texts', () => {
    const [before, after] = ['第一条  为了保护公民权利,制定本法。AAA', '第一条 为了保护公民的权利，制定本法。']
    expect(side(before, after, ['same', 'removed'])).toBe(before)
    expect(side(before, after, ['same', 'added'])).toBe(after)
  })
  it('marks single Chinese characters but whole words of other scripts', () => {
    expect(diffText('模型很大', '模型不大')).toEqual([
      { kind: 'same', text: '模型' },
      { kind: 'removed', text: '很' },
      { kind: 'added', text: '不' },
      { kind: 'same', text: '大' },
    ])
    expect(diffText('a token here', 'a taken here')[1]).toEqual({ kind: 'removed', text: 'token' })
  })
  it('has no marks for equal texts', () => {
    expect(diffText('同', '同')).toEqual([{ kind: 'same', text: '同' }])
    expect(diffText('', '')).toEqual([])
  })
})
