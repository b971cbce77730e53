import { PlayCircleOutlined } from '@ant-design/icons'
import { Button, Form, Input, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import type { Sent } from '@/api/types'
import { useSession } from '@/app/session'
import { FormModal } from '@/ui/FormModal'

interface Values {
  source_dir?: string
  accept_licence: boolean
}

/** Runs the whole loop once, from sources to an assistant with its feedback, as one job. */
export function StartLoop() {
  const { t } = useTranslation('home')
  const session = useSession()
  const navigate = useNavigate()
  const [open, setOpen] = useState(false)
  if (!session.isAdmin) return null
  const start = async ({ source_dir, accept_licence }: Values) => {
    const body = { accept_licence, ...(source_dir ? { source_dir } : {}) } as Sent<'/api/v1/loop/runs'>
    const { data } = await api.POST('/api/v1/loop/runs', { body })
    if (data) void navigate(`/jobs/${data.job_id}`)
  }
  return (
    <>
      <Button type="primary" icon={<PlayCircleOutlined />} onClick={() => setOpen(true)}>
        {t('loop.title')}
      </Button>
      <FormModal<Values>
        open={open}
        title={t('loop.title')}
        note={t('loop.note')}
        submit={t('loop.start')}
        initial={{ accept_licence: false }}
        onSubmit={start}
        onClose={() => setOpen(false)}
      >
        <Form.Item name="source_dir" label={t('loop.folder')} extra={t('loop.folderNote')}>
          <Input placeholder="/path/to/texts" />
        </Form.Item>
        <Form.Item
          name="accept_licence"
          label={t('loop.licence')}
          extra={t('loop.licenceNote')}
          valuePropName="checked"
        >
          <Switch />
        </Form.Item>
      </FormModal>
    </>
  )
}
