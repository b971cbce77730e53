import { send } from '@/api/client'
import { readEvents } from '@/lib/sse'

export type ContentPart = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } }

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string | ContentPart[]
}

/** A file that goes along with a message: a text is quoted in it, an image becomes a part of it. */
export interface Attachment {
  name: string
  kind: 'text' | 'image'
  /** The text, or the image as a data URL. */
  data: string
}

export interface ChatSettings {
  model: string
  /** `completions` continues a text: base models know no turns. */
  mode: 'chat' | 'completions'
  temperature: number
  topP: number
  maxTokens: number
  seed: number | null
  stop: string[]
  json: boolean
  system: string
  /** Id of the organisation that pays. */
  payer: string | null
}

export interface ChatUsage {
  promptTokens: number
  completionTokens: number
}

export interface ChatProgress {
  text: string
  usage: ChatUsage | null
  finish: string | null
}

interface Chunk {
  choices?: { delta?: { content?: string | null }; text?: string | null; finish_reason?: string | null }[]
  usage?: { prompt_tokens: number; completion_tokens: number } | null
  error?: { message?: string; code?: string }
}

/** The progress after one more chunk of an OpenAI-compatible stream. */
export function afterChunk(progress: ChatProgress, chunk: Chunk): ChatProgress {
  const choice = chunk.choices?.[0]
  return {
    text: progress.text + (choice?.delta?.content ?? choice?.text ?? ''),
    usage: chunk.usage
      ? { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens }
      : progress.usage,
    finish: choice?.finish_reason ?? progress.finish,
  }
}

/** What a person wrote, with the files that go along. */
export function withAttachments(text: string, files: Attachment[]): string | ContentPart[] {
  const quoted = files
    .filter((file) => file.kind === 'text')
    .map((file) => `\n\n--- ${file.name} ---\n${file.data}`)
    .join('')
  const images = files.filter((file) => file.kind === 'image')
  if (images.length === 0) return text + quoted
  return [
    { type: 'text', text: text + quoted },
    ...images.map((file): ContentPart => ({ type: 'image_url', image_url: { url: file.data } })),
  ]
}

/** The words of a message. */
export function textOf(content: string | ContentPart[]): string {
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('')
}

const LONGEST_URL = 2000

/** What was said up to the last question, for code that asks it again; images too long to be read are only hinted at. */
export function saidSoFar(lines: (ChatMessage & { error?: unknown })[]): ChatMessage[] {
  const said = lines.filter((line) => line.error === undefined && line.content.length > 0)
  const end = said.map((line) => line.role).lastIndexOf('user')
  return said.slice(0, end + 1).map(({ role, content }) => ({
    role,
    content:
      typeof content === 'string'
        ? content
        : content.map((part) =>
            part.type === 'image_url' && part.image_url.url.length > LONGEST_URL
              ? { ...part, image_url: { url: `${part.image_url.url.split(',')[0]},…` } }
              : part,
          ),
  }))
}

/** The request that the settings and messages make, without streaming: what the playground sends and shows as code. */
export function requestOf(settings: ChatSettings, messages: ChatMessage[]): { path: string; body: object } {
  const { model, temperature, topP, maxTokens, seed, stop, json, system } = settings
  const sampling = {
    model,
    temperature,
    ...(topP < 1 ? { top_p: topP } : {}),
    max_tokens: maxTokens,
    ...(seed === null ? {} : { seed }),
    ...(stop.length > 0 ? { stop } : {}),
  }
  if (settings.mode === 'completions') {
    return { path: '/v1/completions', body: { prompt: textOf(messages.at(-1)?.content ?? ''), ...sampling } }
  }
  const first: ChatMessage[] = system ? [{ role: 'system', content: system }] : []
  return {
    path: '/v1/chat/completions',
    body: {
      messages: [...first, ...messages],
      ...sampling,
      ...(json ? { response_format: { type: 'json_object' } } : {}),
    },
  }
}

/** Streams an answer from the gateway with the browser's own session. */
export async function streamChat(
  settings: ChatSettings,
  messages: ChatMessage[],
  signal: AbortSignal,
  onProgress: (progress: ChatProgress) => void,
): Promise<ChatProgress> {
  const { path, body } = requestOf(settings, messages)
  const response = await send(path, {
    method: 'POST',
    signal,
    headers: {
      'Content-Type': 'application/json',
      ...(settings.payer ? { 'OpenAI-Organization': settings.payer } : {}),
    },
    body: JSON.stringify({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    }),
  })
  let progress: ChatProgress = { text: '', usage: null, finish: null }
  for await (const event of readEvents(response)) {
    if (event.data === '[DONE]') break
    const chunk = JSON.parse(event.data) as Chunk
    if (chunk.error) throw new Error(chunk.error.message ?? chunk.error.code ?? 'the stream failed')
    progress = afterChunk(progress, chunk)
    onProgress(progress)
  }
  return progress
}
