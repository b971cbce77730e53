import { describe, expect, it } from 'vitest'

import { cutAtCitations } from '@/features/law/pieces'

const cite = (start: number, end: number) => ({ text: '', start, end, article_id: 'a', exists: true })

describe('citations in an answer', () => {
  it('are cut out where they stand', () => {
    expect(cutAtCitations('依据[1]应当休息[2]。', [cite(9, 12), cite(2, 5)])).toEqual([
      { text: '依据', citation: null },
      { text: '[1]', citation: cite(2, 5) },
      { text: '应当休息', citation: null },
      { text: '[2]', citation: cite(9, 12) },
      { text: '。', citation: null },
    ])
  })
  it('are counted in characters, also behind characters outside the basic plane', () => {
    expect(cutAtCitations('𠮷法[1]', [cite(2, 5)]).map((piece) => piece.text)).toEqual(['𠮷法', '[1]'])
  })
  it('that overlap or lie outside leave the text whole', () => {
    const pieces = cutAtCitations('abcdef', [cite(0, 3), cite(2, 5), cite(4, 99)])
    expect(pieces.map((piece) => piece.text).join('')).toBe('abcdef')
  })
})
