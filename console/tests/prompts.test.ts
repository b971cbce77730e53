import { expect, test } from 'vitest'

import { asText, valuesOf, variablesOf, versionOf, type Version } from '@/features/prompts/version'

const version = {
  number: 3,
  messages: [
    { role: 'system', content: '你是{{role}}' },
    {
      role: 'user',
      content: [
        { type: 'text', text: '{{ text }}{{role}}' },
        { type: 'image_url', image_url: {} },
      ],
    },
  ],
  variables: [
    { name: 'role', description: '身份', default: '编辑' },
    { name: 'text', description: '', default: null },
  ],
  parameters: { model: 'echo', seed: 7 },
  note: '',
} as unknown as Version

test('variables are named once, in texts and in parts', () => {
  expect(variablesOf(valuesOf(version).messages)).toEqual(['role', 'text'])
  expect(variablesOf([undefined, {}, { content: '{{1}} {{a b}}' }])).toEqual([])
})

test('a change keeps what the form does not show', () => {
  const next = versionOf({ ...valuesOf(version), defaults: { role: '律师', gone: 'x' }, model: 'other' }, version)
  expect(next.parameters).toMatchObject({ model: 'other', seed: 7 })
  expect(next.variables).toEqual([
    { name: 'role', description: '身份', default: '律师' },
    { name: 'text', description: '', default: null },
  ])
})

test('a version reads as one text', () => {
  expect(asText(version)).toContain('[system]\n你是{{role}}')
  expect(asText(version)).toContain('model: "echo"')
})
