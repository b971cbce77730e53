import type { Element, Sent } from '@/api/types'

export type Version = Element<'/api/v1/prompts/{prompt_id}/versions'>
export type NewVersion = Sent<'/api/v1/prompts/{prompt_id}/versions'>
export type Message = NewVersion['messages'][number]

/** What the form of a version holds. */
export interface VersionValues {
  messages: Message[]
  defaults?: Record<string, string | undefined>
  model?: string | null
  temperature?: number | null
  max_tokens?: number | null
  note?: string
}

const VARIABLE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}/g

function textsOf(content: Message['content'] | undefined): string[] {
  if (typeof content === 'string') return [content]
  return (content ?? []).flatMap((part) => (part.type === 'text' && 'text' in part ? [String(part.text)] : []))
}

/** The names of the variables in the texts, in the order in which they come first. */
export function variablesOf(messages: (Partial<Message> | undefined)[]): string[] {
  const found = new Set<string>()
  for (const message of messages)
    for (const text of textsOf(message?.content))
      for (const [, name] of text.matchAll(VARIABLE)) if (name !== undefined) found.add(name)
  return [...found]
}

/** The version that a filled-in form describes, as a change of `from` where there is one. */
export function versionOf(values: VersionValues, from?: Version): NewVersion {
  const names = variablesOf(values.messages)
  const known = new Map((from?.variables ?? []).map((variable) => [variable.name, variable]))
  const { model, temperature, max_tokens } = values
  return {
    messages: values.messages,
    variables: names.map((name) => ({
      name,
      description: known.get(name)?.description ?? '',
      default: values.defaults?.[name] || null,
    })),
    parameters: {
      ...from?.parameters,
      model: model || null,
      temperature: temperature ?? null,
      max_tokens: max_tokens ?? null,
    },
    note: values.note ?? '',
  }
}

/** What the form begins with: a version that is there, or a first one. */
export function valuesOf(version?: Version): VersionValues {
  if (!version)
    return {
      messages: [
        { role: 'system', content: '' },
        { role: 'user', content: '' },
      ],
    }
  const { model, temperature, max_tokens } = version.parameters as Partial<VersionValues>
  return {
    messages: version.messages as unknown as Message[],
    defaults: Object.fromEntries(version.variables.map(({ name, default: value }) => [name, value ?? undefined])),
    model,
    temperature,
    max_tokens,
  }
}

/** A version as one text, for reading and comparing. */
export function asText(version: Version): string {
  const said = (version.messages as unknown as Message[]).map(
    ({ role, content }) => `[${role}]\n${typeof content === 'string' ? content : JSON.stringify(content, null, 1)}`,
  )
  const parameters = Object.entries(version.parameters).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return [...said, ...(parameters.length > 0 ? [parameters.join('\n')] : [])].join('\n\n')
}
