import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

const documented = [...readFileSync('../docs/reference/commands.md', 'utf8').matchAll(/^## `ceyuan ([^`]+)`/gm)].map(
  (found) => found[1] ?? '',
)

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : /\.(tsx|json)$/.test(entry.name) ? [path] : []
  })
}

it('every command that a page shows exists', () => {
  const unknown = files('src').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?:^|[`'"]|\\n)ceyuan ((?:[a-z-]+ ?)+)/gm)]
      .map((found) => (found[1] ?? '').trim())
      .filter((words) => !documented.some((command) => words === command || words.startsWith(`${command} `)))
      .map((words) => `${path}: ceyuan ${words}`),
  )
  expect(unknown).toEqual([])
})
