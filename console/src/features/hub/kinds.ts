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

/** Grades of data, from the least to the most protected. */
export const GRADES = ['public', 'general', 'internal', 'important', 'core'] as const
/** Ranges of the bytes on the default branch. */
export const SIZES = ['under-10MB', '10MB-1GB', '1GB-10GB', '10GB-100GB', 'over-100GB'] as const
