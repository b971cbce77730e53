import { Drawer, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import type { Got } from '@/api/types'
import { Facts } from '@/ui/Facts'
import { Bytes, Decimal, Percent } from '@/ui/Figures'

import styles from './Media.module.css'
import { useNames } from './names'
import { Waveform } from './Waveform'

export type Media = Got<'/api/v1/data/datasets/{owner}/{name}/media'>
export type Item = Media['items'][number]

const labelOf = (item: Item) => item.title || item.id

function Preview({ item }: { item: Item }) {
  const { t } = useTranslation('data')
  if (item.kind === 'audio') return <Waveform address={item.preview} label={labelOf(item)} />
  if (!item.preview) return <div className={styles.nothing}>{t('media.noPreview')}</div>
  const look = item.kind === 'video' ? styles.frame : styles.picture
  return <img className={look} src={item.preview} alt={labelOf(item)} loading="lazy" />
}

/** One image, sound or video of a page: what it looks or sounds like, why it was dropped. */
export function MediaTile({ item, reason, onOpen }: { item: Item; reason: string | null; onOpen: () => void }) {
  return (
    <article className={styles.item}>
      <button type="button" className={styles.shown} onClick={onOpen} aria-label={labelOf(item)}>
        <Preview item={item} />
      </button>
      {item.kind === 'audio' && item.file && (
        <audio className={styles.sound} controls preload="none" src={item.file} aria-label={labelOf(item)} />
      )}
      <code className={styles.name} title={item.id}>
        {item.id}
      </code>
      {reason !== null && (
        <span>
          <Tag color="warning">{reason}</Tag>
        </span>
      )}
    </article>
  )
}

function Whole({ item }: { item: Item }) {
  const { t } = useTranslation('data')
  if (item.kind === 'audio')
    return (
      <>
        <Waveform address={item.preview} label={labelOf(item)} />
        {item.file && (
          <audio className={styles.sound} controls preload="metadata" src={item.file} aria-label={labelOf(item)} />
        )}
      </>
    )
  if (item.kind === 'video')
    return (
      <>
        {item.file && (
          <video className={styles.whole} controls preload="metadata" src={item.file} aria-label={labelOf(item)} />
        )}
        {item.preview && (
          <figure style={{ margin: 0 }}>
            <img className={styles.strip} src={item.preview} alt={t('media.frames')} />
            <figcaption className="faint">{t('media.frames')}</figcaption>
          </figure>
        )}
      </>
    )
  const address = item.file || item.preview
  if (!address) return <div className={styles.nothing}>{t('media.noPreview')}</div>
  return <img className={styles.whole} src={address} alt={labelOf(item)} />
}

interface DetailProps {
  item: Item
  reason: string | null
  nameOf: (statistic: string) => string
  onClose: () => void
}

/** One item whole, with all that was measured of it. */
export function MediaDetail({ item, reason, nameOf, onClose }: DetailProps) {
  const { t } = useTranslation('data')
  const names = useNames()
  return (
    <Drawer open title={<code>{item.id}</code>} size="large" onClose={onClose}>
      <div className="stack">
        <Whole item={item} />
        <Facts
          columns={2}
          facts={[
            { label: t('pipelines.state'), value: reason ?? t('document.state.kept') },
            { label: t('sources.domain'), value: names.domain(item.domain) },
            { label: t('document.from'), value: item.source },
            { label: t('media.size'), value: <Bytes value={item.bytes} /> },
            { label: t('document.duplicateOf'), value: item.duplicate_of && <code>{item.duplicate_of}</code> },
            {
              label: t('quality.similar'),
              value: item.similarity === null ? null : <Percent ratio={item.similarity} />,
            },
            ...Object.entries(item.statistics).map(([name, value]) => ({
              label: nameOf(name),
              value: typeof value === 'number' ? <Decimal value={value} /> : value,
            })),
          ]}
        />
        {item.file && (
          <a href={`${item.file}?download=1`} download>
            {t('media.download')}
          </a>
        )}
      </div>
    </Drawer>
  )
}
