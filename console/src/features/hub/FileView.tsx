import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { send } from '@/api/client'
import type { Got } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'
import { Bytes, Hash } from '@/ui/Figures'
import { Markdown, withoutFrontMatter } from '@/ui/Markdown'

import styles from './Repository.module.css'

type Entry = Got<'/api/v1/repositories/{kind}/{owner}/{name}/entry'>

const SHOWN_BYTES = 512 * 1024
const IMAGES = /\.(png|jpe?g|gif|webp|svg)$/i

async function head(url: string, size: number): Promise<string | null> {
  const headers: HeadersInit = size > SHOWN_BYTES ? { Range: `bytes=0-${SHOWN_BYTES - 1}` } : {}
  const bytes = new Uint8Array(await (await send(url, { headers })).arrayBuffer()).slice(0, SHOWN_BYTES)
  if (bytes.includes(0)) return null
  // The cut may fall inside a character; a strict decoder would call the whole file binary for it.
  return new TextDecoder().decode(bytes)
}

function Content({ entry, url }: { entry: Entry; url: string }) {
  const { t } = useTranslation('hub')
  const text = useQuery({ queryKey: ['file', url], queryFn: () => head(url, entry.size), staleTime: Infinity })
  if (text.error) return <ProblemView error={text.error} onRetry={() => void text.refetch()} />
  if (text.isPending) return <div style={{ minHeight: 240 }} />
  if (text.data === null) return <p className={styles.binary}>{t('file.binary')}</p>
  if (/\.md$/i.test(entry.name)) {
    return (
      <div className={styles.text}>
        <Markdown text={withoutFrontMatter(text.data)} />
      </div>
    )
  }
  return (
    <pre className={styles.code} tabIndex={0}>
      {text.data}
    </pre>
  )
}

/** One file: its figures and, where it is text or a picture, what is in it. */
export function FileView({ entry }: { entry: Entry }) {
  const { t } = useTranslation('hub')
  if (!entry.url) return null
  return (
    <div>
      <div className={styles.fileHead}>
        <Bytes value={entry.size} />
        <Hash value={entry.sha256 ?? entry.oid} length={16} />
        {entry.size > SHOWN_BYTES && <span className="faint">{t('file.cut')}</span>}
        <Button size="small" icon={<DownloadOutlined />} href={entry.url} download>
          {t('file.download')}
        </Button>
      </div>
      {IMAGES.test(entry.name) ? (
        <img className={styles.image} src={entry.url} alt={entry.name} />
      ) : (
        <Content entry={entry} url={entry.url} />
      )}
    </div>
  )
}
