import { useQueryClient } from '@tanstack/react-query'
import { Form, Input, Radio, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import type { Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { holds, useSession } from '@/app/session'
import { repositoryPath, type RepositoryKind } from '@/lib/reference'
import { FormModal } from '@/ui/FormModal'

type Values = Pick<Sent<'/api/v1/repositories'>, 'owner' | 'name' | 'visibility' | 'description'>

/** Creates an empty repository and goes there. */
export function NewRepository({ kind, open, onClose }: { kind: RepositoryKind; open: boolean; onClose: () => void }) {
  const { t } = useTranslation('hub')
  const session = useSession()
  const { organisation } = usePreferences()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const owners = session.organisations.filter((membership) => holds(session, membership.id, 'member'))
  const chosen = owners.find((owner) => owner.id === organisation) ?? owners[0]
  const create = async (values: Values) => {
    const { data } = await api.POST('/api/v1/repositories', {
      body: {
        ...values,
        description: values.description ?? '',
        kind,
        licence: [],
        language: [],
        task: [],
        tag: [],
        grade: [],
        exist_ok: false,
      },
    })
    await queries.invalidateQueries({ queryKey: ['get', '/api/v1/repositories'] })
    if (data) void navigate(repositoryPath(kind, data.owner, data.name))
  }
  return (
    <FormModal<Values>
      open={open}
      title={t(`new.${kind}`)}
      submit={t('new.submit')}
      initial={{ owner: chosen?.name, visibility: 'private' }}
      onSubmit={create}
      onClose={onClose}
    >
      <Form.Item name="owner" label={t('new.owner')} rules={[{ required: true }]}>
        <Select options={owners.map(({ name, label }) => ({ value: name, label: `${label} (${name})` }))} />
      </Form.Item>
      <Form.Item name="name" label={t('new.name')} rules={[{ required: true }]} extra={t('new.nameNote')}>
        <Input autoFocus maxLength={96} />
      </Form.Item>
      <Form.Item name="description" label={t('new.description')}>
        <Input.TextArea maxLength={2000} autoSize={{ minRows: 2, maxRows: 5 }} />
      </Form.Item>
      <Form.Item name="visibility" label={t('new.visibility')}>
        <Radio.Group
          options={(['private', 'internal', 'public'] as const).map((value) => ({
            value,
            label: t(`visibility.${value}`),
          }))}
        />
      </Form.Item>
    </FormModal>
  )
}
