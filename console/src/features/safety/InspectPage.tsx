import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { ActionMark } from './Findings'
import { useRisks } from './useRisks'

/** Runs one text through the detectors; nothing of it is kept. */
export function Component() {
  const { t } = useTranslation('safety')
  const risk = useRisks()
  const [text, setText] = useState('')
  const look = $api.useMutation('post', '/api/v1/safety/inspect')
  const found = look.data
  return (
    <Page title={t('inspect.title')} description={t('inspect.description')}>
      <div className="grid-2">
        <Section title={t('inspect.text')}>
          <div className="stack">
            <Input.TextArea
              value={text}
              onChange={(event) => setText(event.target.value)}
              maxLength={20_000}
              showCount
              autoSize={{ minRows: 10, maxRows: 24 }}
              aria-label={t('inspect.text')}
            />
            <div>
              <Button
                type="primary"
                disabled={!text.trim()}
                loading={look.isPending}
                onClick={() => look.mutate({ body: { text } })}
              >
                {t('inspect.do')}
              </Button>
            </div>
          </div>
        </Section>
        <Section title={t('inspect.result')} extra={found && <ActionMark action={found.action} />}>
          {look.error !== null && <ProblemView error={look.error} />}
          {!found && !look.error && <EmptyState title={t('inspect.waiting')} next={t('inspect.next')} />}
          {found && (
            <div className="stack">
              <pre style={{ whiteSpace: 'pre-wrap', margin: 0, fontFamily: 'inherit' }}>{found.masked}</pre>
              {found.findings.length === 0 && <p className="soft">{t('clean')}</p>}
              {found.findings.map((finding) => (
                <div key={`${finding.start} ${finding.detector} ${finding.clause}`} className="row">
                  <ActionMark action={finding.action} />
                  <strong>{[...text].slice(finding.start, finding.end).join('').slice(0, 40)}</strong>
                  <span className="soft">
                    {finding.clause} {risk(finding.clause)} ·{' '}
                    {t(`detector.${finding.detector}`, { defaultValue: finding.detector })}
                  </span>
                </div>
              ))}
            </div>
          )}
        </Section>
      </div>
      <Snippet
        sources={[
          {
            label: 'HTTP',
            code: `curl -X POST ${location.origin}/api/v1/safety/inspect \\\n  -H "Authorization: Bearer $CEYUAN_TOKEN" -H "Content-Type: application/json" \\\n  -d '{"text": "…"}'`,
          },
        ]}
      />
    </Page>
  )
}
