import { expect, it } from 'vitest'

import { choicesOf, meaningOf, offered, recipeOf, stepOf, type Operator } from '@/features/data/recipes'

const operator = (name: string, more: Partial<Operator> = {}): Operator => ({
  name,
  title: [name, name],
  modality: 'text',
  kind: 'stat',
  version: 1,
  identity: null,
  always: false,
  reads: ['text'],
  writes: [name],
  cost: 1,
  summary: ['', ''],
  schema: {},
  ...more,
})

const TOXICITY = operator('toxicity', { schema: { properties: { characters: { type: 'integer', default: 20_000 } } } })

it('offers what does not run anyway, and what runs anyway where it has parameters', () => {
  const repetition = operator('repetition', { always: true, schema: { properties: { ngram: { default: 10 } } } })
  const all = [
    operator('links'),
    operator('composition', { always: true }),
    repetition,
    operator('vad', { modality: 'audio' }),
  ]
  expect(offered(all, 'text').map((one) => one.name)).toEqual(['links', 'repetition'])
  expect(offered(all, 'speech').map((one) => one.name)).toEqual(['vad'])
})

it('writes only the parameters that differ from the defaults', () => {
  expect(stepOf(TOXICITY, 'toxicity', { characters: 20_000 })).toEqual({ operator: 'toxicity' })
  expect(stepOf(TOXICITY, 'toxicity', { characters: 500, other: null })).toEqual({
    operator: 'toxicity',
    parameters: { characters: 500 },
  })
})

it('puts the chosen operators after the steps that are written, for media too', () => {
  const recipe = '{"steps": [{"operator": "links"}], "seed": 1}'
  expect(recipeOf({ media: 'text', operators: ['toxicity'], recipe }, [TOXICITY])).toEqual({
    seed: 1,
    steps: [{ operator: 'links' }, { operator: 'toxicity' }],
  })
  expect(recipeOf({ media: 'images', operators: ['image_text'] }, [])).toEqual({
    media: 'images',
    steps: [{ operator: 'image_text' }],
  })
  expect(recipeOf({ media: 'text' }, [])).toEqual({})
})

it('asks for semantic duplicates where they are chosen, and keeps what is written beside them', () => {
  const recipe = '{"duplicates": {"threshold": 0.8, "semantic": {"characters": 500}}}'
  const semantic = { by: 'model', model: 'bge', threshold: 0.9 } as const
  expect(recipeOf({ media: 'text', semantic, recipe }, [])).toEqual({
    duplicates: { threshold: 0.8, semantic: { characters: 500, model: 'bge', threshold: 0.9 } },
  })
  const own = { by: 'source', model: 'bge', threshold: 0.95 } as const
  expect(recipeOf({ media: 'text', semantic: own }, [])).toEqual({ duplicates: { semantic: { threshold: 0.95 } } })
  expect(recipeOf({ media: 'text', semantic: { by: 'none', threshold: 0.95 } }, [])).toEqual({})
  expect(recipeOf({ media: 'images', semantic: own }, [])).toEqual({ media: 'images' })
})

it('tells what a parameter and its values mean to the reader, and what a package says in one language', () => {
  const form = { enum: ['NFC', 'own'], descriptions: ['规范形式。', 'The form.'], choices: { NFC: ['保持', 'kept'] } }
  expect([0, 1].map((side) => meaningOf(form, side))).toEqual(['规范形式。', 'The form.'])
  expect(meaningOf({ description: 'Said once.' }, 0)).toBe('Said once.')
  expect(choicesOf(form, 0)).toEqual([
    { value: 'NFC', label: '保持' },
    { value: 'own', label: 'own' },
  ])
  expect(choicesOf({ items: { enum: ['a'] } }, 1)).toEqual([{ value: 'a', label: 'a' }])
  expect(choicesOf({}, 1)).toBeUndefined()
})
