import { useLocation } from 'react-router'

import type { Item } from '@/api/types'
import type { RepositoryKind } from '@/lib/reference'

export type Repository = Item<'/api/v1/repositories'>

export const PLURAL: Record<RepositoryKind, string> = { dataset: 'datasets', model: 'models', report: 'reports' }

/** The kind of repository that the open address is about. */
export function useKind(): RepositoryKind {
  const first = useLocation().pathname.split('/')[2]
  return first === 'models' ? 'model' : first === 'reports' ? 'report' : 'dataset'
}
