import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useParams, useSearchParams } from 'react-router'

import { repositoryPath } from '@/lib/reference'
import { Page } from '@/ui/Page'

import { Analyser } from './Analyser'
import { ContributionsView } from './ContributionsView'
import { DocumentsView } from './DocumentsView'
import { DropReasons } from './DropReasons'
import { SamplesView } from './SamplesView'
import { SqlView } from './SqlView'
import { VersionsView } from './VersionsView'
import { WhatIf } from './WhatIf'

/** What the pipeline kept, changed and dropped of a corpus, and what other thresholds would do. */
export function Component() {
  const { t } = useTranslation('data')
  const { t: hub } = useTranslation('hub')
  const { owner = '', name = '' } = useParams()
  const [params, setParams] = useSearchParams()
  const revision = params.get('revision') ?? undefined
  const place = { owner, name, revision }
  return (
    <Page
      title={t('quality.title')}
      description={t('quality.description')}
      crumbs={[
        { label: hub('datasets.title'), to: '/hub/datasets' },
        { label: `${owner}/${name}`, to: repositoryPath('dataset', owner, name, revision) },
        { label: t('quality.title') },
      ]}
    >
      <Tabs
        activeKey={params.get('tab') ?? 'reasons'}
        onChange={(tab) =>
          setParams((current) => {
            const next = new URLSearchParams({ tab })
            const at = current.get('revision')
            if (at) next.set('revision', at)
            return next
          })
        }
        destroyOnHidden
        items={[
          { key: 'reasons', label: t('quality.reasons'), children: <DropReasons place={place} /> },
          { key: 'analyser', label: t('study.title'), children: <Analyser place={place} /> },
          { key: 'samples', label: t('quality.samples'), children: <SamplesView place={place} /> },
          { key: 'whatif', label: t('quality.whatif'), children: <WhatIf place={place} /> },
          { key: 'documents', label: t('document.title'), children: <DocumentsView place={place} /> },
          { key: 'versions', label: t('version.title'), children: <VersionsView place={place} /> },
          { key: 'contributions', label: t('account.title'), children: <ContributionsView place={place} /> },
          { key: 'sql', label: t('quality.sql'), children: <SqlView place={place} /> },
        ]}
      />
    </Page>
  )
}
