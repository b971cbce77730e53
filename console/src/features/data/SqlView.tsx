import { Alert, Button, Input, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'
import { Section } from '@/ui/Page'

import { paramsOf, type CorpusPlace } from './place'

const FIRST =
  'SELECT domain, reason, count(*) AS documents, round(avg(characters)) AS mean_characters\nFROM statistics\nGROUP BY ALL\nORDER BY documents DESC'

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** Runs one SELECT over the corpus' documents and statistics. */
export function SqlView({ place }: { place: CorpusPlace }) {
  const { t } = useTranslation('data')
  const [sql, setSql] = useState(FIRST)
  const run = $api.useMutation('post', '/api/v1/data/datasets/{owner}/{name}/query')
  const found = run.data
  return (
    <div className="stack">
      <Section
        title={t('quality.sql')}
        extra={
          <Button
            type="primary"
            loading={run.isPending}
            disabled={sql.trim() === ''}
            onClick={() => run.mutate({ params: paramsOf(place), body: { sql, limit: 500 } })}
          >
            {t('quality.runSql')}
          </Button>
        }
      >
        <div className="stack">
          <Input.TextArea
            className="mono"
            value={sql}
            onChange={(event) => setSql(event.target.value)}
            autoSize={{ minRows: 4, maxRows: 16 }}
            spellCheck={false}
            aria-label={t('quality.sql')}
          />
          <p className="soft">{t('quality.sqlNote')}</p>
        </div>
      </Section>
      {run.error !== null && <ProblemView error={run.error} />}
      {found && (
        <Section>
          {found.truncated && (
            <Alert type="info" showIcon title={t('quality.truncated', { count: found.rows.length })} />
          )}
          <Table
            size="small"
            scroll={{ x: 'max-content' }}
            rowKey={(row) => row.key}
            pagination={{ pageSize: 50, hideOnSinglePage: true }}
            dataSource={found.rows.map((cells, key) => ({ key, cells }))}
            columns={found.columns.map((column, at) => ({
              title: column.name,
              key: `${String(at)} ${column.name}`,
              ellipsis: true,
              render: (_: unknown, row: { cells: unknown[] }) => shown(row.cells[at] ?? ''),
            }))}
          />
        </Section>
      )}
    </div>
  )
}
