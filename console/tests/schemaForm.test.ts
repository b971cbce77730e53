import dayjs from 'dayjs'
import { expect, it } from 'vitest'

import { schemaValues, type FormSchema } from '@/ui/SchemaForm'

const schema: FormSchema = {
  properties: {
    amount_micro: { type: 'integer', 'x-unit': 'micro-yuan' },
    day: { type: 'string', format: 'date' },
    note: { type: 'string' },
    sure: { type: 'boolean' },
  },
  required: ['note'],
}

it('sends money in micro-yuan and days as text', () => {
  expect(schemaValues(schema, { amount_micro: 12.345678, day: dayjs('2026-11-22') })).toEqual({
    amount_micro: 12_345_678,
    day: '2026-11-22',
  })
})

it('leaves out what is empty and what the form does not have', () => {
  expect(schemaValues(schema, { note: '', sure: false, other: 1, amount_micro: null })).toEqual({ sure: false })
})
