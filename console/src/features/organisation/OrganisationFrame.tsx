import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import type { Membership } from '@/app/session'
import { EmptyState } from '@/ui/Feedback'
import { Page } from '@/ui/Page'

import { NewOrganisation } from './NewOrganisation'
import { useOrganisation } from './useOrganisation'

interface FrameProps {
  title: string
  description?: string
  /** The page makes no sense for the namespace of one person. */
  shared?: boolean
  actions?: (organisation: Membership) => ReactNode
  children: (organisation: Membership) => ReactNode
}

/** The frame of an organisation's settings pages: says which organisation they are about. */
export function OrganisationFrame({ title, description, shared, actions, children }: FrameProps) {
  const { t } = useTranslation('organisation')
  const organisation = useOrganisation()
  if (!organisation || (shared && organisation.kind === 'personal')) {
    return (
      <Page title={title}>
        <EmptyState title={t('personal.title')} next={t('personal.next')} action={<NewOrganisation />} />
      </Page>
    )
  }
  return (
    <Page
      key={organisation.id}
      title={title}
      description={description}
      crumbs={[{ label: organisation.label }, { label: title }]}
      actions={actions?.(organisation)}
    >
      {children(organisation)}
    </Page>
  )
}
