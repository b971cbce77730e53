import { expect, it } from 'vitest'

import { EventParser } from '@/lib/sse'

it('joins the lines of one event and names it', () => {
  expect(new EventParser().feed('event: log\nid: 7\ndata: one\ndata: two\n\n')).toEqual([
    { event: 'log', id: '7', data: 'one\ntwo' },
  ])
})

it('waits for the rest of an event that arrives in pieces, even inside a line end', () => {
  const parser = new EventParser()
  expect(parser.feed('data: {"a"')).toEqual([])
  expect(parser.feed(': 1}\r')).toEqual([])
  expect(parser.feed('\n\r\n')).toEqual([{ event: 'message', id: null, data: '{"a": 1}' }])
})

it('skips comments and events without data', () => {
  expect(new EventParser().feed(': keep-alive\n\nevent: x\n\ndata: y\n\n').map((event) => event.data)).toEqual(['y'])
})
