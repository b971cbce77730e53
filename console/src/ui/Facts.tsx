import type { ReactNode } from 'react'

import styles from './Facts.module.css'

export interface Fact {
  label: ReactNode
  value: ReactNode
}

/** Names and values of one thing, aligned. Facts whose value is null or undefined are left out. */
export function Facts({ facts, columns = 1 }: { facts: Fact[]; columns?: 1 | 2 | 3 }) {
  return (
    <dl className={styles.facts} data-columns={columns}>
      {facts
        .filter((fact) => fact.value !== null && fact.value !== undefined)
        .map((fact, index) => (
          <div key={index} className={styles.fact}>
            <dt>{fact.label}</dt>
            <dd>{fact.value}</dd>
          </div>
        ))}
    </dl>
  )
}
