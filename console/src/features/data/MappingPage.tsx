import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { SourceMapping } from './SourceMapping'

/** Sources side by side whose columns are mapped onto one schema. */
export function Component() {
  const { t } = useTranslation('data')
  const [search, setSearch] = useSearchParams()
  const query = $api.useQuery('get', '/api/v1/data/sources', { params: { query: { limit: 200, sort: 'key' } } })
  if (query.error) return <ProblemView page error={query.error} />
  if (!query.data) return <Loading />
  const offered = query.data.items.filter((source) => source.kind !== 'package')
  const chosen = search.getAll('source')
  const shown = offered.filter((source) => chosen.includes(source.id))
  const choose = (ids: string[]) =>
    setSearch(
      ids.map((id): [string, string] => ['source', id]),
      { replace: true },
    )
  return (
    <Page
      title={t('mapping.title')}
      description={t('mapping.description')}
      crumbs={[{ label: t('sources.title'), to: '/data/sources' }, { label: t('mapping.title') }]}
    >
      <Select
        mode="multiple"
        style={{ width: '100%', maxWidth: 720 }}
        aria-label={t('mapping.choose')}
        placeholder={t('mapping.choose')}
        optionFilterProp="label"
        value={shown.map((source) => source.id)}
        options={offered.map((source) => ({ value: source.id, label: source.title || source.key }))}
        onChange={choose}
      />
      {shown.length === 0 && <EmptyState title={t('mapping.none')} next={t('mapping.next')} />}
      {shown.map((source) => (
        <SourceMapping key={source.id} source={source} onSaved={() => void query.refetch()} />
      ))}
      {shown.length > 0 && (
        <Snippet
          sources={[
            { label: 'CLI', code: shown.map((source) => `ceyuan data sources columns ${source.id}`).join('\n') },
          ]}
        />
      )}
    </Page>
  )
}
