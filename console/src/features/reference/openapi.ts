/** What the page reads of an OpenAPI 3.1 document. */
export interface Schema {
  $ref?: string
  type?: string
  format?: string
  title?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
}

interface Parameter {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: Schema
}

interface Media {
  schema?: Schema
}

export interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content?: Record<string, Media> }
  responses?: Record<string, { description?: string; content?: Record<string, Media> }>
}

export interface OpenApi {
  info: { version: string }
  paths: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

/** One method at one address. */
export interface Route {
  id: string
  tag: string
  method: string
  path: string
  about: string
  operation: Operation
}

export interface Field {
  name: string
  where: string
  type: string
  required: boolean
  about: string
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const

/** All routes of the document, sorted by tag and address. */
export function routesOf(document: OpenApi): Route[] {
  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      if (!operation) return []
      const about = (operation.description ?? operation.summary ?? '').trim()
      return [{ id: `${method} ${path}`, tag: operation.tags?.[0] ?? 'other', method, path, about, operation }]
    }),
  )
  return routes.sort((a, b) => a.tag.localeCompare(b.tag) || a.path.localeCompare(b.path))
}

/** Those whose address, words or name hold every word that is searched. */
export function matching(routes: readonly Route[], search: string): Route[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return routes.filter((route) => {
    const text = `${route.id} ${route.tag} ${route.about} ${route.operation.operationId ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

function resolved(document: OpenApi, schema: Schema | undefined): Schema | undefined {
  if (!schema?.$ref) return schema
  return document.components?.schemas?.[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)]
}

/** A type in a few words: `string | null`, `Job[]`, `"zh" | "en"`. */
export function typeOf(schema: Schema | undefined): string {
  if (!schema) return ''
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' | ')
  if (schema.type === 'array') return `${typeOf(schema.items)}[]`
  return schema.format ?? schema.type ?? 'any'
}

/** What a caller sends: parameters, then the fields of the body. */
export function fieldsOf(document: OpenApi, { operation }: Route): Field[] {
  const parameters = (operation.parameters ?? []).map((one) => ({
    name: one.name,
    where: one.in,
    type: typeOf(one.schema),
    required: one.required ?? false,
    about: one.description ?? '',
  }))
  const body = resolved(document, operation.requestBody?.content?.['application/json']?.schema)
  const fields = Object.entries(body?.properties ?? {}).map(([name, schema]) => ({
    name,
    where: 'body',
    type: typeOf(schema),
    required: body?.required?.includes(name) ?? false,
    about: schema.description ?? '',
  }))
  return [...parameters, ...fields]
}

/** The answers by status; what a caller gets where all goes well comes first. */
export function answersOf({ operation }: Route): { status: string; type: string; about: string }[] {
  return Object.entries(operation.responses ?? {})
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([status, { description, content }]) => ({
      status,
      type: typeOf(Object.values(content ?? {})[0]?.schema),
      about: description ?? '',
    }))
}

/** The call for a terminal. */
export function curlOf(document: OpenApi, route: Route): string {
  const { method, path } = route
  const lines = [`curl -H "Authorization: Bearer $CEYUAN_TOKEN" "$CEYUAN_URL${path}"`]
  if (method !== 'get') lines[0] = lines[0]?.replace('curl ', `curl -X ${method.toUpperCase()} `) ?? ''
  const needed = fieldsOf(document, route).filter(({ where, required }) => where === 'body' && required)
  if (route.operation.requestBody?.content?.['application/json']) {
    const body = Object.fromEntries(needed.map(({ name, type }) => [name, example(type)]))
    lines.push(`-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`)
  }
  return lines.join(' \\\n  ')
}

function example(type: string): unknown {
  if (type.startsWith('"')) return JSON.parse(type.split(' | ')[0] ?? '""')
  if (type === 'integer' || type === 'number') return 0
  if (type === 'boolean') return false
  if (type.endsWith('[]')) return []
  return type === 'object' ? {} : '…'
}
