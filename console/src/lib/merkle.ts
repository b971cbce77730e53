/** Checks of the audit log's Merkle proofs (RFC 9162) in the browser, so that the platform need not be believed. */

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

function join(prefix: number, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(1 + parts.reduce((length, part) => length + part.length, 0))
  out[0] = prefix
  let offset = 1
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Hash of a leaf: SHA-256 over 0x00 and the entry's exact text (RFC 9162 §2.1.1). */
export async function leafHash(body: string): Promise<string> {
  return toHex(await sha256(join(0, new TextEncoder().encode(body))))
}

export interface ProofStep {
  sibling: string
  /** The sibling stands left of the hash so far. */
  left: boolean
  /** Hash of both. */
  result: string
}

export interface Inclusion {
  index: number
  size: number
  leaf: string
  path: string[]
}

/**
 * Walks an inclusion proof (RFC 9162 §2.1.3.2) and returns each step; the last `result` must be the
 * signed root. Null when the path does not fit index and size.
 */
export async function walkInclusion(proof: Inclusion): Promise<ProofStep[] | null> {
  if (proof.index >= proof.size) return null
  let [fn, sn] = [proof.index, proof.size - 1]
  let hash = proof.leaf
  const steps: ProofStep[] = []
  for (const sibling of proof.path) {
    if (sn === 0) return null
    const left = fn % 2 === 1 || fn === sn
    const pair: [string, string] = left ? [sibling, hash] : [hash, sibling]
    hash = toHex(await sha256(join(1, fromHex(pair[0]), fromHex(pair[1]))))
    steps.push({ sibling, left, result: hash })
    if (left && fn % 2 === 0) {
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2)
        sn = Math.floor(sn / 2)
      }
    }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return sn === 0 ? steps : null
}

/** Whether the proof leads from the entry's own text to the root. */
export async function provesInclusion(proof: Inclusion & { body: string; root: string }): Promise<boolean> {
  if ((await leafHash(proof.body)) !== proof.leaf) return false
  const steps = await walkInclusion(proof)
  return steps !== null && (steps.at(-1)?.result ?? proof.leaf) === proof.root
}
