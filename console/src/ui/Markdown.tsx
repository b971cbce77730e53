import ReactMarkdown from 'react-markdown'
import remarkGfm from 'remark-gfm'

import styles from './Markdown.module.css'

/** Markdown as written by people or models: no raw HTML, no remote pictures, links open beside. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={styles.markdown}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        components={{
          a: ({ href, children }) => (
            <a href={href} target={href?.startsWith('http') ? '_blank' : undefined} rel="noreferrer">
              {children}
            </a>
          ),
          img: ({ alt }) => <em>{alt}</em>,
          table: ({ children }) => (
            <div className={styles.tableFrame}>
              <table>{children}</table>
            </div>
          ),
        }}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
}

/** The text without the YAML block that hub cards start with. */
export function withoutFrontMatter(text: string): string {
  return text.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '')
}
