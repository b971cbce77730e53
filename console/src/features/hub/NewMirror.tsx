import { Form, Input, InputNumber, Radio, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { api } from '@/api/client'
import type { Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { holds, useSession } from '@/app/session'
import { FormModal } from '@/ui/FormModal'

type Values = Sent<'/api/v1/mirrors'>

const SEPARATORS = [',', ' ', '，']

/** What is to be taken from which hub, and how often. */
export function NewMirror({ open, onClose, onMade }: { open: boolean; onClose: () => void; onMade: () => void }) {
  const { t } = useTranslation('hub')
  const session = useSession()
  const { organisation } = usePreferences()
  const owners = session.organisations.filter((membership) => holds(session, membership.id, 'maintainer'))
  const chosen = owners.find((owner) => owner.id === organisation) ?? owners[0]
  const make = async (values: Values) => {
    await api.POST('/api/v1/mirrors', { body: { ...values, token: values.token || null } })
    onMade()
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('mirror.new')}
      submit={t('new.submit')}
      width={640}
      initial={{
        ...(chosen ? { owner: chosen.name } : {}),
        upstream: 'https://huggingface.co',
        kind: 'model',
        revisions: ['main'],
        include: [],
        exclude: [],
        visibility: 'private',
        every_hours: 24,
        enabled: true,
      }}
      onSubmit={make}
      onClose={onClose}
    >
      <Form.Item name="upstream" label={t('mirror.upstream')} rules={[{ required: true }]}>
        <Input type="url" maxLength={300} />
      </Form.Item>
      <Form.Item name="kind" label={t('mirror.which')}>
        <Radio.Group
          options={(['model', 'dataset'] as const).map((value) => ({ value, label: t(`mirror.kind.${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="source" label={t('mirror.source')} extra={t('mirror.sourceNote')} rules={[{ required: true }]}>
        <Input autoFocus maxLength={200} placeholder="owner/name" />
      </Form.Item>
      <Form.Item name="owner" label={t('mirror.into')} rules={[{ required: true }]}>
        <Select options={owners.map(({ name, label }) => ({ value: name, label: `${label} (${name})` }))} />
      </Form.Item>
      <Form.Item name="revisions" label={t('mirror.revisions')} rules={[{ required: true }]}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={SEPARATORS} />
      </Form.Item>
      <Form.Item name="include" label={t('mirror.include')} extra={t('mirror.patternNote')}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={SEPARATORS} />
      </Form.Item>
      <Form.Item name="exclude" label={t('mirror.exclude')}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={SEPARATORS} />
      </Form.Item>
      <Form.Item name="every_hours" label={t('mirror.everyHours')} extra={t('mirror.everyNote')}>
        <InputNumber min={0} max={8784} precision={0} />
      </Form.Item>
      <Form.Item name="visibility" label={t('new.visibility')}>
        <Radio.Group
          options={(['private', 'internal', 'public'] as const).map((value) => ({
            value,
            label: t(`visibility.${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item name="token" label={t('mirror.token')} extra={t('mirror.tokenNote')}>
        <Input.Password autoComplete="off" maxLength={500} />
      </Form.Item>
      <Form.Item name="enabled" hidden>
        <Input />
      </Form.Item>
    </FormModal>
  )
}
