import { CloseOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { ListControls } from '@/lib/listState'
import type { RepositoryKind } from '@/lib/reference'

import styles from './Repositories.module.css'
import { queryOf } from './RepositoriesPage'

const SHOWN = ['task', 'language', 'licence', 'size', 'grade', 'tag', 'owner'] as const
/** Facets whose values have names of their own in both languages. */
const NAMED: readonly string[] = ['size', 'grade']

/** What one can narrow the list by, with how many repositories each choice leaves. */
export function Facets({ kind, list }: { kind: RepositoryKind; list: ListControls }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery(
    'get',
    '/api/v1/repositories/facets',
    { params: { query: queryOf(kind, list.filters) } },
    { placeholderData: (held) => held },
  )
  return (
    <aside className={styles.facets} aria-label={t('facet.label')}>
      {SHOWN.map((facet) => {
        const chosen = list.filters[facet]
        const values = data?.[facet] ?? []
        const named = (value: string) => (NAMED.includes(facet) ? t(`${facet}.${value}`) : value)
        if (values.length === 0 && !chosen) return null
        return (
          <section key={facet}>
            <h2>{t(`facet.${facet}`)}</h2>
            <div className={styles.values}>
              {chosen && (
                <button
                  type="button"
                  aria-pressed="true"
                  className={styles.value}
                  onClick={() => list.setFilter(facet, null)}
                >
                  {named(chosen)} <CloseOutlined />
                </button>
              )}
              {values
                .filter(({ value }) => value !== chosen)
                .slice(0, 12)
                .map(({ value, count }) => (
                  <button
                    key={value}
                    type="button"
                    className={styles.value}
                    onClick={() => list.setFilter(facet, value)}
                  >
                    {named(value)} <span className="num">{count}</span>
                  </button>
                ))}
            </div>
          </section>
        )
      })}
    </aside>
  )
}
