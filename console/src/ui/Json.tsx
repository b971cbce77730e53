import { CopyButton } from './Figures'
import styles from './Snippet.module.css'

/** A value as JSON, for parameters and results. */
export function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2)
  return (
    <div className={styles.snippet} style={{ maxWidth: 'none', position: 'relative' }}>
      <div style={{ position: 'absolute', right: 8, top: 6 }}>
        <CopyButton text={text} />
      </div>
      <pre className={styles.code} style={{ maxHeight: 360, overflow: 'auto' }} tabIndex={0}>
        <code>{text}</code>
      </pre>
    </div>
  )
}
