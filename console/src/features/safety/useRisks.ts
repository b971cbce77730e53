import { $api } from '@/api/client'
import { useBilingual } from '@/lib/text'

/** Names of the clauses of the national standard, in the reader's language. */
export function useRisks(): (clause: string) => string {
  const text = useBilingual()
  const { data } = $api.useQuery('get', '/api/v1/safety/risks', {}, { staleTime: Infinity })
  return (clause) => {
    const found = data?.find((risk) => risk.id === clause)
    return found ? text({ name_zh: found.zh, name_en: found.en }, 'name') : ''
  }
}
