import { Alert, Button, Input, Space, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import { ProblemView } from '@/ui/Feedback'

/** Reads a recipe of Data-Juicer as ours, and tells what differs and what has no match. */
export function ImportRecipe({ side, onRead }: { side: number; onRead: (recipe: object) => void }) {
  const { t } = useTranslation('data')
  const [open, setOpen] = useState(false)
  const [yaml, setYaml] = useState('')
  const { mutate, data, error, isPending } = $api.useMutation('post', '/api/v1/data/recipes/import', {
    onSuccess: (found) => onRead(found.recipe),
  })
  if (!open) {
    return (
      <Button size="small" onClick={() => setOpen(true)} style={{ marginBottom: 16 }}>
        {t('pipelines.import')}
      </Button>
    )
  }
  const notes = (data?.notes ?? []).map((note) => `${note.operator}：${side === 0 ? note.zh : note.en}`)
  const missing = (data?.left_out ?? []).map((name) => t('pipelines.noMatch', { name }))
  return (
    <Space orientation="vertical" style={{ width: '100%', marginBottom: 16 }}>
      <Input.TextArea
        aria-label={t('pipelines.import')}
        value={yaml}
        maxLength={200_000}
        autoSize={{ minRows: 4, maxRows: 12 }}
        className="mono"
        placeholder={'process:\n  - text_length_filter:\n      min_len: 50'}
        onChange={(event) => setYaml(event.target.value)}
      />
      <Button size="small" loading={isPending} disabled={!yaml.trim()} onClick={() => mutate({ body: { yaml } })}>
        {t('pipelines.read')}
      </Button>
      {error && <ProblemView error={error} />}
      {data && (
        <Alert
          type={missing.length > 0 ? 'warning' : 'success'}
          title={t('pipelines.imported')}
          description={
            notes.length + missing.length > 0 && (
              <Typography.Paragraph style={{ marginBottom: 0, whiteSpace: 'pre-line' }}>
                {[...missing, ...notes].join('\n')}
              </Typography.Paragraph>
            )
          }
        />
      )}
    </Space>
  )
}
