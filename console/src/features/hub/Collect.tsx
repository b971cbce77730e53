import { FolderAddOutlined } from '@ant-design/icons'
import { App, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api, api } from '@/api/client'
import { holds, useSession } from '@/app/session'
import { FormModal } from '@/ui/FormModal'

import type { Place } from './RepositoryPage'

/** Puts a model or dataset into one of the collections that the reader may change. */
export function Collect({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const { message } = App.useApp()
  const session = useSession()
  const [open, setOpen] = useState(false)
  const { data } = $api.useQuery('get', '/api/v1/collections', { params: { query: { limit: 200 } } }, { enabled: open })
  const kind = place.kind
  if (kind === 'report' || session.organisations.length === 0) return null
  const mine = (data?.items ?? []).filter((row) => holds(session, row.org_id, 'member'))
  const put = async ({ token, note }: { token: string; note?: string }) => {
    await api.POST('/api/v1/collections/{token}/items', {
      params: { path: { token } },
      body: { kind, owner: place.owner, name: place.name, note: note ?? '' },
    })
    void message.success(<Link to={`/hub/collections/${token}`}>{t('collection.done')}</Link>)
  }
  return (
    <>
      <Button icon={<FolderAddOutlined />} onClick={() => setOpen(true)}>
        {t('collection.add')}
      </Button>
      <FormModal<{ token: string; note?: string }>
        open={open}
        title={t('collection.add')}
        submit={t('collection.add')}
        onSubmit={put}
        onClose={() => setOpen(false)}
      >
        <Form.Item
          name="token"
          label={t('collection.one')}
          rules={[{ required: true }]}
          extra={<Link to="/hub/collections">{t('collection.manage')}</Link>}
        >
          <Select
            showSearch
            optionFilterProp="label"
            options={mine.map((row) => ({ value: row.token, label: `${row.owner}/${row.title}` }))}
          />
        </Form.Item>
        <Form.Item name="note" label={t('collection.note')}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 4 }} />
        </Form.Item>
      </FormModal>
    </>
  )
}
