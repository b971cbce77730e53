import { send } from '@/api/client'
import { readEvents } from '@/lib/sse'

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface ChatSettings {
  model: string
  /** `completions` continues a text: base models know no turns. */
  mode: 'chat' | 'completions'
  temperature: number
  maxTokens: number
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

function requestOf(settings: ChatSettings, messages: ChatMessage[]): { path: string; body: object } {
  if (settings.mode === 'completions') {
    return { path: '/v1/completions', body: { prompt: messages.at(-1)?.content ?? '' } }
  }
  const system: ChatMessage[] = settings.system ? [{ role: 'system', content: settings.system }] : []
  return { path: '/v1/chat/completions', body: { messages: [...system, ...messages] } }
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
      model: settings.model,
      temperature: settings.temperature,
      max_tokens: settings.maxTokens,
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
