import { useState } from 'react'

import { CopyButton } from './Figures'
import styles from './Snippet.module.css'

export interface SnippetSource {
  label: string
  code: string
}

/** The same act for a terminal or a program: one tab per way, each copied with one click. */
export function Snippet({ sources }: { sources: SnippetSource[] }) {
  const [active, setActive] = useState(0)
  const current = sources[active] ?? sources[0]
  if (!current) return null
  return (
    <div className={styles.snippet}>
      <div className={styles.bar}>
        <div role="tablist" className={styles.tabs}>
          {sources.map((source, index) => (
            <button
              key={source.label}
              type="button"
              role="tab"
              aria-selected={source === current}
              className={styles.tab}
              onClick={() => setActive(index)}
            >
              {source.label}
            </button>
          ))}
        </div>
        <CopyButton text={current.code} />
      </div>
      <pre className={styles.code} tabIndex={0}>
        <code>{current.code}</code>
      </pre>
    </div>
  )
}
