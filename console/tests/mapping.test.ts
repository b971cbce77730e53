import { describe, expect, it } from 'vitest'

import { startingFrom, unmapped, withColumns, type Columns, type Mapping } from '@/features/data/mapping'

const proposal = {
  text: ['正文'],
  title: ['标题'],
  id: [],
  time: [],
  author: [],
  url: [],
  licence: [],
  group: [],
  others: true,
  keyed: false,
}
const found: Columns = {
  source_id: 'src_1',
  columns: ['正文', '标题', 'story', '序号'].map((name) => ({ name, files: 1, filled: 1, samples: [] })),
  files: [],
  proposal,
  mapping: null,
  more: false,
}

describe('mapping of columns', () => {
  it('begins with what is kept, else with what is proposed', () => {
    expect(startingFrom(found)).toEqual(proposal)
    const kept: Mapping = { ...proposal, text: ['story'] }
    expect(startingFrom({ ...found, mapping: { ...proposal, ...kept } })).toEqual(kept)
  })

  it('takes a column out of the field that had it before', () => {
    const changed = withColumns(proposal, 'text', ['正文', '标题'])
    expect([changed.text, changed.title]).toEqual([['正文', '标题'], []])
  })

  it('names the columns that no field takes', () => {
    expect(unmapped(found, proposal)).toEqual(['story', '序号'])
  })
})
