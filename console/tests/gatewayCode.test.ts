import { expect, it } from 'vitest'

import { requestOf, withAttachments, type ChatSettings } from '@/features/gateway/chat'
import { toCsv } from '@/features/gateway/csv'
import { python, snippetsOf } from '@/features/gateway/snippets'
import { sumsOf, type Point } from '@/features/gateway/usage'

const SETTINGS: ChatSettings = {
  model: 'echo',
  mode: 'chat',
  temperature: 0.5,
  topP: 1,
  maxTokens: 64,
  seed: 7,
  stop: ['。'],
  json: true,
  system: '简短',
  payer: null,
}

it('makes the request that the settings say', () => {
  expect(requestOf(SETTINGS, [{ role: 'user', content: '你好' }])).toEqual({
    path: '/v1/chat/completions',
    body: {
      messages: [
        { role: 'system', content: '简短' },
        { role: 'user', content: '你好' },
      ],
      model: 'echo',
      temperature: 0.5,
      max_tokens: 64,
      seed: 7,
      stop: ['。'],
      response_format: { type: 'json_object' },
    },
  })
  expect(requestOf({ ...SETTINGS, mode: 'completions' }, [{ role: 'user', content: '你好' }]).path).toBe(
    '/v1/completions',
  )
})

it('quotes text files and adds images as parts', () => {
  expect(withAttachments('看', [{ name: 'a.txt', kind: 'text', data: '甲' }])).toBe('看\n\n--- a.txt ---\n甲')
  expect(withAttachments('看', [{ name: 'a.png', kind: 'image', data: 'data:x' }])).toEqual([
    { type: 'text', text: '看' },
    { type: 'image_url', image_url: { url: 'data:x' } },
  ])
})

it('writes JSON as Python', () => {
  expect(python({ stream: true, seed: null, stop: ['a'] })).toBe(
    '{\n    "stream": True,\n    "seed": None,\n    "stop": ["a"],\n}',
  )
})

it('shows a call in three languages', () => {
  const sources = snippetsOf('https://host', '/v1/completions', { model: 'm', prompt: "it's" })
  expect(sources.map(({ label }) => label)).toEqual(['curl', 'Python', 'JavaScript'])
  expect(sources[0]?.code).toContain("it'\\''s")
  expect(sources[1]?.code).toContain('client.completions.create(')
})

it('writes CSV that no spreadsheet runs', () => {
  expect(toCsv([['=1+1', 'a,"b"', 2]])).toBe('\'=1+1,"a,""b""",2\r\n')
})

it('sums usage of the gateway by one dimension, the dearest first', () => {
  const point = (model: string, resource: string, quantity: string, cost_micro: number): Point => ({
    bucket: '2026-11-22T00:00:00Z',
    dimensions: { model, resource },
    quantity,
    cost_micro,
    events: 1,
  })
  const { sums } = sumsOf(
    [
      point('a', 'gateway.tokens.input', '10', 1),
      point('b', 'gateway.tokens.output', '5', 9),
      point('a', 'compute.gpu', '3', 100),
      point('a', 'gateway.requests', '2', 0),
    ],
    'model',
  )
  expect(
    sums.map(({ name, input, output, requests, costMicro }) => [name, input, output, requests, costMicro]),
  ).toEqual([
    ['b', 0, 5, 0, 9],
    ['a', 10, 0, 2, 1],
  ])
})
