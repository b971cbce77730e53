import { CheckOutlined, CloseOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Got, Item } from '@/api/types'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { Facts } from '@/ui/Facts'
import { Count } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Answer = Item<'/api/v1/evaluation/runs/{run_id}/answers'>

function Detail({ answer }: { answer: Answer }) {
  const { t } = useTranslation('evaluation')
  return (
    <div className="stack" style={{ gap: 10, maxWidth: 900 }}>
      <div>
        <div className="faint">{t('answer.prompt')}</div>
        <div style={{ whiteSpace: 'pre-wrap' }}>{answer.prompt}</div>
      </div>
      <Facts
        facts={[
          { label: t('answer.expected'), value: answer.expected.join(' / ') },
          { label: t('answer.given'), value: answer.answer || '—' },
          { label: t('answer.fault'), value: answer.fault },
          { label: t('answer.tokens'), value: <Count value={answer.tokens} /> },
          { label: t('latency'), value: `${Math.round(answer.latency_ms)} ms` },
        ]}
      />
    </div>
  )
}

/** Every single answer, so that no figure has to be believed. */
export function Answers({ run, models }: { run: Got<'/api/v1/evaluation/runs/{run_id}'>; models: string[] }) {
  const { t } = useTranslation('evaluation')
  const text = useBilingual()
  const list = useListState(['model', 'family', 'right'])
  const { data: families } = $api.useQuery('get', '/api/v1/evaluation/families', {}, { staleTime: Infinity })
  const { model, family, right } = list.filters
  const query = $api.useQuery(
    'get',
    '/api/v1/evaluation/runs/{run_id}/answers',
    {
      params: {
        path: { run_id: run.id },
        query: {
          model,
          family,
          right: right === undefined ? undefined : right === 'true',
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 20,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  if (models.length === 0) return null
  const label = (name: string) => {
    const found = families?.find((each) => each.name === name)
    return found ? text(found, 'label') : name
  }
  const columns: Column<Answer>[] = [
    { title: '#', dataIndex: 'position', sort: 'position', width: 70 },
    { title: t('model'), dataIndex: 'model', sort: 'model' },
    { title: t('family'), render: (_, answer) => label(answer.family) },
    {
      title: t('answer.expected'),
      render: (_, answer) => (
        <div className="truncate" style={{ maxWidth: 180 }}>
          {answer.expected.join(' / ')}
        </div>
      ),
    },
    {
      title: t('answer.given'),
      render: (_, answer) => (
        <div className="truncate" style={{ maxWidth: 320 }}>
          {answer.answer || answer.fault}
        </div>
      ),
    },
    {
      title: t('answer.right'),
      align: 'center',
      render: (_, answer) =>
        answer.is_right ? (
          <CheckOutlined style={{ color: 'var(--cy-bamboo)' }} aria-label={t('answer.yes')} />
        ) : (
          <CloseOutlined style={{ color: 'var(--cy-cinnabar)' }} aria-label={t('answer.no')} />
        ),
    },
  ]
  return (
    <Section title={t('answer.title')} note={t('answer.note')} flush>
      <DataTable
        bare
        label={t('answer.title')}
        query={query}
        columns={columns}
        rowKey={(answer) => `${answer.model} ${answer.item_id}`}
        list={list}
        filters={[
          { name: 'model', label: t('model'), options: models.map((value) => ({ value, label: value })) },
          {
            name: 'family',
            label: t('family'),
            options: (families ?? []).map((each) => ({ value: each.name, label: text(each, 'label') })),
          },
          {
            name: 'right',
            label: t('answer.right'),
            options: [
              { value: 'true', label: t('answer.yes') },
              { value: 'false', label: t('answer.no') },
            ],
          },
        ]}
        expand={(answer) => <Detail answer={answer} />}
        empty={null}
      />
    </Section>
  )
}
