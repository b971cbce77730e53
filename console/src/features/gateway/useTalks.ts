import { useRef, useState } from 'react'

import {
  streamChat,
  withAttachments,
  type Attachment,
  type ChatMessage,
  type ChatProgress,
  type ChatSettings,
} from './chat'

export interface Line extends ChatMessage {
  id: number
  progress?: ChatProgress
  error?: unknown
  busy?: boolean
  ms?: number
}

type Talks = Record<string, Line[]>

/** One conversation for each model; what is asked goes to all of them at once. */
export function useTalks() {
  const [talks, setTalks] = useState<Talks>({})
  const abort = useRef<AbortController | null>(null)
  const ids = useRef(0)
  const put = (model: string, change: (lines: Line[]) => Line[]) =>
    setTalks((held) => ({ ...held, [model]: change(held[model] ?? []) }))
  const change = (model: string, id: number, part: Partial<Line>) =>
    put(model, (lines) => lines.map((line) => (line.id === id ? { ...line, ...part } : line)))

  const askOne = async (settings: ChatSettings, question: Line, signal: AbortSignal) => {
    const { model } = settings
    const id = (ids.current += 1)
    const history = [...(talks[model] ?? []).filter((line) => !line.error && line.content), question].map(
      ({ role, content }) => ({ role, content }),
    )
    put(model, (lines) => [...lines, question, { id, role: 'assistant', content: '', busy: true }])
    const started = performance.now()
    try {
      const end = await streamChat(settings, history, signal, (progress) =>
        change(model, id, { content: progress.text, progress }),
      )
      change(model, id, { content: end.text, progress: end, busy: false, ms: performance.now() - started })
    } catch (error) {
      const stopped = error instanceof DOMException && error.name === 'AbortError'
      change(model, id, { busy: false, error: stopped ? undefined : error, ms: performance.now() - started })
    }
  }

  return {
    talks,
    ask: async (all: ChatSettings[], text: string, files: Attachment[]) => {
      abort.current = new AbortController()
      const question: Line = { id: (ids.current += 1), role: 'user', content: withAttachments(text, files) }
      const { signal } = abort.current
      await Promise.all(all.map((settings) => askOne(settings, question, signal)))
    },
    stop: () => abort.current?.abort(),
    clear: () => setTalks({}),
    busy: Object.values(talks).some((lines) => lines.some((line) => line.busy)),
    empty: Object.values(talks).every((lines) => lines.length === 0),
  }
}
