import { Breadcrumb } from 'antd'
import { useEffect, type ReactNode } from 'react'
import { Link } from 'react-router'

import styles from './Page.module.css'

export interface Crumb {
  label: ReactNode
  to?: string
}

interface PageProps {
  title: string
  /** What stands in place of the title's text, when it is more than text. */
  heading?: ReactNode
  description?: ReactNode
  crumbs?: Crumb[]
  /** Small facts beside the title: a status, a kind. */
  badges?: ReactNode
  actions?: ReactNode
  tabs?: ReactNode
  /** A page that fills the window and scrolls inside itself (chat). */
  fill?: boolean
  children?: ReactNode
}

/** The frame of every page: title, one line that says what it is for, actions, then the content. */
export function Page({ title, heading, description, crumbs, badges, actions, tabs, fill, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · 策源 Ceyuan`
  }, [title])
  return (
    <div className={fill ? `${styles.page} ${styles.fill}` : styles.page}>
      {crumbs && (
        <Breadcrumb
          className={styles.crumbs}
          items={crumbs.map((crumb) => ({ title: crumb.to ? <Link to={crumb.to}>{crumb.label}</Link> : crumb.label }))}
        />
      )}
      <header className={styles.header}>
        <div className={styles.heading}>
          <div className={styles.titleRow}>
            <h1 className={styles.title}>{heading ?? title}</h1>
            {badges}
          </div>
          {description && <p className={styles.description}>{description}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {tabs}
      <div className={styles.body}>{children}</div>
    </div>
  )
}

interface SectionProps {
  title?: ReactNode
  note?: ReactNode
  extra?: ReactNode
  /** The content touches the frame (tables, logs). */
  flush?: boolean
  className?: string
  children: ReactNode
}

/** One framed part of a page. */
export function Section({ title, note, extra, flush, className, children }: SectionProps) {
  return (
    <section className={className ? `${styles.section} ${className}` : styles.section}>
      {(title || extra) && (
        <div className={styles.sectionHead}>
          <div>
            {title && <h2 className={styles.sectionTitle}>{title}</h2>}
            {note && <p className={styles.sectionNote}>{note}</p>}
          </div>
          {extra && <div className={styles.actions}>{extra}</div>}
        </div>
      )}
      <div className={flush ? styles.flush : styles.padded}>{children}</div>
    </section>
  )
}
