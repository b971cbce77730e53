/** The last few things that were decided, which can be taken back before they are sent: the oldest goes when one more
 * than `size` is held, all go once nothing was decided for a while, and when the page is left. */
export class Hand<T> {
  private held: T[] = []
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly send: (one: T) => void
  private readonly size: number
  private readonly told: (held: number) => void

  constructor(send: (one: T) => void, size: number, told: (held: number) => void = () => undefined) {
    this.send = send
    this.size = size
    this.told = told
  }

  /** Holds one more; without another decision all are sent after `restMs`. */
  give(one: T, restMs: number): void {
    this.held.push(one)
    const over = this.held.splice(0, Math.max(0, this.held.length - this.size))
    this.rest(restMs)
    over.forEach(this.send)
  }

  /** Takes the newest back; undefined where everything was sent. */
  take(restMs: number): T | undefined {
    const one = this.held.pop()
    this.rest(restMs)
    return one
  }

  /** Sends all that are held. */
  flush(): void {
    const all = this.held.splice(0)
    this.rest(0)
    all.forEach(this.send)
  }

  private rest(ms: number): void {
    clearTimeout(this.timer)
    this.timer = this.held.length ? setTimeout(() => this.flush(), ms) : undefined
    this.told(this.held.length)
  }
}
