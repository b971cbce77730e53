import { describe, expect, it } from 'vitest'

import { answersOf, curlOf, fieldsOf, matching, routesOf, typeOf, type OpenApi } from '@/features/reference/openapi'

const DOCUMENT: OpenApi = {
  info: { version: '1' },
  paths: {
    '/api/v1/things/{id}': {
      patch: {
        operationId: 'rename_thing',
        description: 'Rename a thing.',
        tags: ['things'],
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/ThingRename' } } } },
        responses: {
          '404': { description: 'not_found' },
          '200': { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
        },
      },
      get: { description: 'Show a thing.', tags: ['things'], responses: {} },
    },
  },
  components: {
    schemas: {
      ThingRename: {
        required: ['name', 'kind'],
        properties: {
          name: { type: 'string' },
          kind: { enum: ['a', 'b'] },
          tags: { type: 'array', items: { type: 'string' } },
          note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        },
      },
    },
  },
}

const routes = routesOf(DOCUMENT)
const rename = routes.find(({ method }) => method === 'patch')
if (!rename) throw new Error('no route')

describe('the API reference', () => {
  it('finds routes by words of their address, name and description', () => {
    expect(matching(routes, 'RENAME things')).toEqual([rename])
    expect(matching(routes, 'nothing')).toEqual([])
    expect(matching(routes, '')).toHaveLength(2)
  })

  it('lists parameters before the fields of the body', () => {
    expect(fieldsOf(DOCUMENT, rename).map(({ name, where, type, required }) => [name, where, type, required])).toEqual([
      ['id', 'path', 'string', true],
      ['name', 'body', 'string', true],
      ['kind', 'body', '"a" | "b"', true],
      ['tags', 'body', 'string[]', false],
      ['note', 'body', 'string | null', false],
    ])
  })

  it('shows the good answer first', () => {
    expect(answersOf(rename).map(({ status, type }) => [status, type])).toEqual([
      ['200', 'Thing'],
      ['404', ''],
    ])
  })

  it('writes a call with the fields that must be there', () => {
    expect(curlOf(DOCUMENT, rename)).toBe(
      'curl -X PATCH -H "Authorization: Bearer $CEYUAN_TOKEN" "$CEYUAN_URL/api/v1/things/{id}" \\\n' +
        `  -H 'Content-Type: application/json' -d '{"name":"…","kind":"a"}'`,
    )
  })

  it('names types in a few words', () => {
    expect(typeOf({ type: 'string', format: 'date-time' })).toBe('date-time')
    expect(typeOf({})).toBe('any')
  })
})
