import { BranchesOutlined } from '@ant-design/icons'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { shortHash } from '@/lib/format'

import { pathOf, type Place } from './RepositoryPage'

/** Chooses a branch or tag; a commit that the address names is shown by its first digits. */
export function RevisionSelect({ place, onChoose }: { place: Place; onChoose: (revision: string) => void }) {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/refs', {
    params: { path: pathOf(place) },
  })
  const refs = data ?? []
  const named = (kind: string) =>
    refs.filter((ref) => ref.kind === kind).map((ref) => ({ value: ref.name, label: ref.name }))
  const known = refs.some((ref) => ref.name === place.revision)
  const groups = [
    { label: t('revision.branches'), options: named('branch') },
    { label: t('revision.tags'), options: named('tag') },
    ...(known
      ? []
      : [{ label: t('revision.commit'), options: [{ value: place.revision, label: shortHash(place.revision) }] }]),
  ]
  return (
    <Select
      aria-label={t('revision.label')}
      prefix={<BranchesOutlined />}
      showSearch
      value={place.revision}
      style={{ minWidth: 180 }}
      options={groups.filter((group) => group.options.length > 0)}
      onChange={onChoose}
    />
  )
}
