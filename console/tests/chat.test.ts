import { expect, it } from 'vitest'

import { afterChunk, type ChatProgress } from '@/features/gateway/chat'

it('gathers text, the reason of the end and the usage of a stream', () => {
  const chunks = [
    { choices: [{ delta: { content: '你' } }] },
    { choices: [{ delta: { content: '好' }, finish_reason: 'stop' }] },
    { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } },
  ]
  const end = chunks.reduce<ChatProgress>(afterChunk, { text: '', usage: null, finish: null })
  expect(end).toEqual({ text: '你好', finish: 'stop', usage: { promptTokens: 5, completionTokens: 2 } })
})
