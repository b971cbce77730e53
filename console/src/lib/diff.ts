/** A piece of a text that was kept, taken away or put in. */
export interface DiffPart {
  kind: 'same' | 'removed' | 'added'
  text: string
}

const LIMIT = 4_000_000

function tokens(text: string): string[] {
  // Chinese is compared by character, other scripts by word, so that the marks fall where a reader looks.
  return text.match(/[\p{Script=Han}]|[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}\s]/gu) ?? []
}

function push(parts: DiffPart[], kind: DiffPart['kind'], text: string): void {
  const last = parts.at(-1)
  if (last?.kind === kind) last.text += text
  else if (text) parts.push({ kind, text })
}

/**
 * The difference of two texts by longest common subsequence over tokens. Texts too long for the
 * quadratic table (more than 4 million cells) are compared by their common head and tail only.
 */
export function diffText(before: string, after: string): DiffPart[] {
  const [a, b] = [tokens(before), tokens(after)]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1
  const [x, y] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  const parts: DiffPart[] = []
  push(parts, 'same', a.slice(0, head).join(''))
  if (x.length * y.length > LIMIT) {
    push(parts, 'removed', x.join(''))
    push(parts, 'added', y.join(''))
  } else {
    walk(x, y, parts)
  }
  push(parts, 'same', a.slice(a.length - tail).join(''))
  return parts
}

function walk(x: string[], y: string[], parts: DiffPart[]): void {
  const width = y.length + 1
  const table = new Uint32Array((x.length + 1) * width)
  const at = (i: number, j: number): number => table[i * width + j] ?? 0
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = x[i] === y[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  let [i, j] = [0, 0]
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      push(parts, 'same', x[i] ?? '')
      i += 1
      j += 1
    } else if (j >= y.length || (i < x.length && at(i + 1, j) >= at(i, j + 1))) {
      push(parts, 'removed', x[i] ?? '')
      i += 1
    } else {
      push(parts, 'added', y[j] ?? '')
      j += 1
    }
  }
}
