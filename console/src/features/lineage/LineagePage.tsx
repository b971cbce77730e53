import { Input, Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { EmptyState } from '@/ui/Feedback'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { LineageView } from './LineageView'

/** Where does this come from, and what did it feed: for any reference or node. */
export function Component() {
  const { t } = useTranslation('lineage')
  const [params, setParams] = useSearchParams()
  const reference = params.get('reference')
  const node = params.get('node')
  const byNode = node !== null
  const wanted = reference ?? node ?? ''
  return (
    <Page title={t('title')} description={t('description')}>
      <div className="row">
        <Segmented
          value={byNode ? 'node' : 'reference'}
          onChange={(value) => setParams({ [value]: '' })}
          options={['reference', 'node'].map((value) => ({ value, label: t(`by.${value}`) }))}
        />
        <Input.Search
          key={wanted}
          style={{ maxWidth: 560 }}
          defaultValue={wanted}
          placeholder={t(byNode ? 'placeholder.node' : 'placeholder.reference')}
          aria-label={t('by.reference')}
          enterButton={t('show')}
          onSearch={(text) => setParams({ [byNode ? 'node' : 'reference']: text.trim() })}
        />
      </div>
      {wanted ? (
        <LineageView key={wanted} reference={reference || undefined} node={node || undefined} />
      ) : (
        <EmptyState title={t('start.title')} next={t('start.next')}>
          <Snippet
            sources={[
              {
                label: 'HTTP',
                code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" "${location.origin}/api/v1/lineage?reference=models/demo/mini-zh@main"`,
              },
            ]}
          />
        </EmptyState>
      )}
    </Page>
  )
}
