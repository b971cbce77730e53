/** Server-sent events over fetch: needed where the request is a POST or carries headers (chat, playground). */

export interface ServerEvent {
  event: string
  data: string
  id: string | null
}

/** Splits a byte stream into events (WHATWG HTML, 9.2.6). Feed it text, get whole events back. */
export class EventParser {
  private buffer = ''
  private event = ''
  private data: string[] = []
  private id: string | null = null

  feed(text: string): ServerEvent[] {
    this.buffer += text
    const events: ServerEvent[] = []
    // A lone CR at the end may be half of a CRLF, so it waits for the next chunk.
    const lines = this.buffer.split(/\r\n|\n|\r(?!$)/)
    this.buffer = lines.pop() ?? ''
    for (const line of lines) {
      const done = this.line(line)
      if (done) events.push(done)
    }
    return events
  }

  private line(line: string): ServerEvent | null {
    if (line === '') {
      const whole = this.data.length
        ? { event: this.event || 'message', data: this.data.join('\n'), id: this.id }
        : null
      this.event = ''
      this.data = []
      return whole
    }
    if (line.startsWith(':')) return null
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.event = value
    else if (field === 'data') this.data.push(value)
    else if (field === 'id') this.id = value
    return null
  }
}

export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  const reader = response.body?.getReader()
  if (!reader) return
  const parser = new EventParser()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield* parser.feed(decoder.decode(value, { stream: true }))
    }
  } finally {
    reader.releaseLock()
  }
}
