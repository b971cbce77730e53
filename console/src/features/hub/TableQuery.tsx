import { PlayCircleOutlined } from '@ant-design/icons'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import type { Posted } from '@/api/types'
import { ProblemView } from '@/ui/Feedback'

import styles from './Repository.module.css'
import { pathOf, type Place } from './RepositoryPage'
import { RowsTable } from './RowsTable'

type Answer = Posted<'/api/v1/repositories/{kind}/{owner}/{name}/query'>

const FIRST = 'SELECT * FROM data LIMIT 20'

/** One SELECT over a table file; the answer stands below. */
export function TableQuery({ place, path }: { place: Place; path: string }) {
  const { t } = useTranslation('hub')
  const [text, setText] = useState(FIRST)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const ask = async () => {
    setBusy(true)
    setError(null)
    try {
      const { data } = await api.POST('/api/v1/repositories/{kind}/{owner}/{name}/query', {
        params: { path: pathOf(place) },
        body: { path, revision: place.revision, query: text, limit: 200 },
      })
      setAnswer(data ?? null)
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className={styles.query}>
      <Input.TextArea
        aria-label="SQL"
        className="mono"
        value={text}
        autoSize={{ minRows: 2, maxRows: 10 }}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void ask()
        }}
      />
      <div className="row">
        <Button type="primary" icon={<PlayCircleOutlined />} loading={busy} onClick={() => void ask()}>
          {t('query.run')}
        </Button>
        <span className="faint">{t('query.note')}</span>
      </div>
      {error !== null && <ProblemView error={error} />}
      {answer && (
        <>
          <p className="faint">{t(answer.more ? 'query.more' : 'query.rows', { count: answer.rows.length })}</p>
          <RowsTable columns={answer.columns} rows={answer.rows} start={0} />
        </>
      )}
    </div>
  )
}
