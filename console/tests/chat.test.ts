import { expect, it } from 'vitest'

import { afterChunk, saidSoFar, type ChatProgress } from '@/features/gateway/chat'

it('gathers text, the reason of the end and the usage of a stream', () => {
  const chunks = [
    { choices: [{ delta: { content: '你' } }] },
    { choices: [{ delta: { content: '好' }, finish_reason: 'stop' }] },
    { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } },
  ]
  const end = chunks.reduce<ChatProgress>(afterChunk, { text: '', usage: null, finish: null })
  expect(end).toEqual({ text: '你好', finish: 'stop', usage: { promptTokens: 5, completionTokens: 2 } })
})

it('shows as code what was said up to the last question, without what failed and without whole images', () => {
  const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${'A'.repeat(5000)}` } }
  const said = saidSoFar([
    { role: 'user', content: 'one' },
    { role: 'assistant', content: '', error: new Error('gone') },
    { role: 'user', content: [{ type: 'text', text: 'two' }, image] },
    { role: 'assistant', content: 'an answer' },
  ])
  expect(said.map((message) => message.role)).toEqual(['user', 'user'])
  expect(said[1]?.content).toEqual([
    { type: 'text', text: 'two' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,…' } },
  ])
})
