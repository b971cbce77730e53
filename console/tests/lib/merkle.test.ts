import { createHash } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { leafHash, provesInclusion, walkInclusion } from '@/lib/merkle'

const hash = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const leafOf = (text: string) => hash(Buffer.from([0]), Buffer.from(text))

function split(size: number): number {
  let k = 1
  while (k * 2 < size) k *= 2
  return k
}

// The tree of RFC 9162 §2.1.1 and its paths, by definition.
function root(leaves: Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer
  const k = split(leaves.length)
  return hash(Buffer.from([1]), root(leaves.slice(0, k)), root(leaves.slice(k)))
}

function pathOf(index: number, leaves: Buffer[]): Buffer[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return index < k
    ? [...pathOf(index, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...pathOf(index - k, leaves.slice(k)), root(leaves.slice(0, k))]
}

function proofOf(index: number, size: number) {
  const leaves = Array.from({ length: size }, (_, i) => leafOf(`entry ${i}`))
  return {
    index,
    size,
    body: `entry ${index}`,
    leaf: (leaves[index] as Buffer).toString('hex'),
    path: pathOf(index, leaves).map((step) => step.toString('hex')),
    root: root(leaves).toString('hex'),
  }
}

describe('an inclusion proof', () => {
  it('holds for every entry of logs of every size up to 17', async () => {
    for (let size = 1; size <= 17; size += 1) {
      for (let index = 0; index < size; index += 1) {
        expect(await provesInclusion(proofOf(index, size)), `${index} of ${size}`).toBe(true)
      }
    }
  })
  it('fails when the entry was changed', async () => {
    expect(await provesInclusion({ ...proofOf(3, 9), body: 'entry 3!' })).toBe(false)
  })
  it('fails for another place in the log', async () => {
    expect(await provesInclusion({ ...proofOf(3, 9), index: 4 })).toBe(false)
  })
  it('fails for a path that is too long or too short', async () => {
    const proof = proofOf(3, 9)
    expect(await walkInclusion({ ...proof, path: [...proof.path, proof.leaf] })).toBeNull()
    expect(await walkInclusion({ ...proof, path: proof.path.slice(1) })).toBeNull()
  })
  it('hashes Chinese text as UTF-8', async () => {
    expect(await leafHash('审计')).toBe(leafOf('审计').toString('hex'))
  })
})
