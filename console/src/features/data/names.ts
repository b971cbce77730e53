import { useMemo } from 'react'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'

/** The words for domains, reasons and statistics, and the parts that recipes are made of. */
export function useNames() {
  const { language } = usePreferences()
  const { data: parts } = $api.useQuery('get', '/api/v1/data/recipes/defaults', {}, { staleTime: Infinity })
  return useMemo(() => {
    const side = language === 'zh' ? 0 : 1
    const named = (table?: Record<string, string[]>) => (key: string) => table?.[key]?.[side] ?? key
    return {
      parts,
      side,
      domain: named(parts?.domains),
      reason: named(parts?.reasons),
      aside: named(parts?.aside),
      statistic: named(parts?.statistics),
    }
  }, [parts, language])
}
