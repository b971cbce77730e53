import { InputNumber, Segmented, Select, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import { usePreferences } from '@/app/preferences'
import { useListState, type ListControls } from '@/lib/listState'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Loading } from '@/ui/Loading'
import { Pager } from '@/ui/Pager'

import styles from './Media.module.css'
import { MediaDetail, MediaTile, type Media } from './MediaItem'
import { paramsOf, type CorpusPlace } from './place'

const PAGE = 48
const STATES = ['all', 'kept', 'dropped'] as const

interface FilterProps {
  list: ListControls
  media: Media
  reasonOf: (reason: string) => string
  nameOf: (statistic: string) => string
}

function Filters({ list, media, reasonOf, nameOf }: FilterProps) {
  const { t } = useTranslation('data')
  const { statistic = '', low = '', high = '' } = list.filters
  const range = media.statistics.find((one) => one.name === statistic)
  const names = media.statistics.map((one) => ({ value: one.name, label: nameOf(one.name) }))
  const setBound = (side: 'low' | 'high') => (value: number | null) =>
    list.setFilter(side, value === null ? null : String(value))
  return (
    <div className="row">
      <Segmented
        value={list.filters.state ?? 'all'}
        onChange={(state) => list.setFilter('state', state === 'all' ? null : state)}
        options={STATES.map((value) => ({
          value,
          label: value === 'all' ? t('quality.all') : t(`document.state.${value}`),
        }))}
      />
      <Select
        allowClear
        placeholder={t('quality.reason')}
        aria-label={t('quality.reason')}
        style={{ minWidth: 180 }}
        value={list.filters.reason ?? null}
        onChange={(value: string | null) => list.setFilter('reason', value)}
        options={media.reasons.map((one) => ({ value: one.reason, label: `${reasonOf(one.reason)} · ${one.items}` }))}
      />
      <Select
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        placeholder={t('document.statistic')}
        aria-label={t('document.statistic')}
        style={{ minWidth: 200 }}
        value={statistic || null}
        onChange={(value: string | null) => list.setFilter('statistic', value)}
        options={names}
      />
      {range && (
        <Space.Compact>
          <InputNumber
            aria-label={t('quality.atLeast')}
            placeholder={`≥ ${range.low ?? ''}`}
            value={low === '' ? null : Number(low)}
            onChange={setBound('low')}
          />
          <InputNumber
            aria-label={t('quality.atMost')}
            placeholder={`≤ ${range.high ?? ''}`}
            value={high === '' ? null : Number(high)}
            onChange={setBound('high')}
          />
        </Space.Compact>
      )}
      <Select
        allowClear
        placeholder={t('media.sort')}
        aria-label={t('media.sort')}
        style={{ minWidth: 200 }}
        value={list.sort}
        onChange={(value: string | null) => list.setSort(value)}
        options={names.flatMap(({ value, label }) => [
          { value: `-${value}`, label: `${label} ↓` },
          { value, label: `${label} ↑` },
        ])}
      />
      <span className="soft">{t('media.total', { count: media.total })}</span>
    </div>
  )
}

/** Images, sounds or videos of a corpus as a wall of previews, with filters by what was measured and why dropped. */
export function MediaView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const { language } = usePreferences()
  const list = useListState(['state', 'reason', 'statistic', 'low', 'high'])
  const [search, setSearch] = useSearchParams()
  const defaults = $api.useQuery('get', '/api/v1/data/recipes/defaults', {}, { staleTime: Infinity })
  const params = paramsOf(place)
  const { state, reason, statistic, low, high } = list.filters
  const offset = Number(list.cursor ?? 0)
  const bound = statistic ? [...(low ? [`${statistic}>=${low}`] : []), ...(high ? [`${statistic}<=${high}`] : [])] : []
  const query = $api.useQuery(
    'get',
    '/api/v1/data/datasets/{owner}/{name}/media',
    {
      params: {
        path: params.path,
        query: {
          ...params.query,
          state: state === 'kept' || state === 'dropped' ? state : undefined,
          reason,
          bound: bound.length > 0 ? bound : undefined,
          sort: list.sort ?? undefined,
          limit: PAGE,
          offset,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  if (query.error) return <ProblemView error={query.error} />
  const media = query.data
  if (!media) return <Loading />
  if (media.kind === null) return <EmptyState title={t('media.none')} />
  const side = language === 'zh' ? 0 : 1
  const reasonOf = (code: string) => defaults.data?.reasons[code]?.[side] ?? code
  const nameOf = (name: string) =>
    media.statistics.find((one) => one.name === name)?.names[side] ?? defaults.data?.statistics[name]?.[side] ?? name
  const open = (id: string | null) =>
    setSearch((current) => {
      const next = new URLSearchParams(current)
      if (id === null) next.delete('id')
      else next.set('id', id)
      return next
    })
  const told = (code: string | null) => (code === null ? null : reasonOf(code))
  const chosen = media.items.find((item) => item.id === search.get('id'))
  return (
    <div className="stack">
      <Filters list={list} media={media} reasonOf={reasonOf} nameOf={nameOf} />
      {media.items.length === 0 ? (
        <EmptyState title={t('media.empty')} />
      ) : (
        <div className={media.kind === 'image' ? styles.grid : `${styles.grid} ${styles.wide}`}>
          {media.items.map((item) => (
            <MediaTile key={item.id} item={item} reason={told(item.reason)} onOpen={() => open(item.id)} />
          ))}
        </div>
      )}
      <Pager list={list} next={offset + PAGE < media.total ? String(offset + PAGE) : null} />
      {chosen && <MediaDetail item={chosen} reason={told(chosen.reason)} nameOf={nameOf} onClose={() => open(null)} />}
    </div>
  )
}
