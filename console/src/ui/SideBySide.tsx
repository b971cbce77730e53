import { useMemo } from 'react'

import { diffText } from '@/lib/diff'

import styles from './SideBySide.module.css'

interface SideBySideProps {
  before: string
  after: string
  beforeLabel: string
  afterLabel: string
}

/** A text before and after, side by side; what went is struck, what came is underlined. */
export function SideBySide({ before, after, beforeLabel, afterLabel }: SideBySideProps) {
  const parts = useMemo(() => diffText(before, after), [before, after])
  return (
    <div className={styles.pair}>
      <figure>
        <figcaption>{beforeLabel}</figcaption>
        <pre>
          {parts.map(
            (part, i) =>
              part.kind !== 'added' && (part.kind === 'removed' ? <del key={i}>{part.text}</del> : part.text),
          )}
        </pre>
      </figure>
      <figure>
        <figcaption>{afterLabel}</figcaption>
        <pre>
          {parts.map(
            (part, i) =>
              part.kind !== 'removed' && (part.kind === 'added' ? <ins key={i}>{part.text}</ins> : part.text),
          )}
        </pre>
      </figure>
    </div>
  )
}
