import ReactMarkdown, { type Options } from 'react-markdown'
import { Link } from 'react-router'
import remarkGfm from 'remark-gfm'

import styles from './Markdown.module.css'

interface Addresses {
  page: (address: string) => string | null
  picture: (address: string) => string | null
}

interface Props {
  text: string
  addresses?: Addresses
  html?: Options['rehypePlugins']
}

/** Markdown as written by people or models: no remote pictures, links open beside. `addresses` say where the files lie
 * that a repository's text names by their path; `html` is what reads and sanitises HTML, which is plain text without. */
export function Markdown({ text, addresses, html }: Props) {
  return (
    <div className={styles.markdown}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={html}
        components={{
          a: ({ href, children }) => {
            const page = href && addresses?.page(href)
            if (page) return <Link to={page}>{children}</Link>
            return (
              <a href={href} target={href?.startsWith('http') ? '_blank' : undefined} rel="noreferrer">
                {children}
              </a>
            )
          },
          img: ({ src, alt, title, width, height }) => {
            const picture = src && addresses?.picture(src)
            if (!picture) return <em>{alt}</em>
            return <img className={styles.picture} src={picture} {...{ alt, title, width, height }} />
          },
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
