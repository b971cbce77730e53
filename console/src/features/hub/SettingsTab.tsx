import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Radio, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Sent } from '@/api/types'
import { listPath, repositoryPath } from '@/lib/reference'
import { FormModal } from '@/ui/FormModal'
import { Section } from '@/ui/Page'

import { GRADES, type Repository } from './kinds'

type Change = Sent<'/api/v1/repositories/{kind}/{owner}/{name}', 'patch'>
type Move = Sent<'/api/v1/repositories/{kind}/{owner}/{name}/move'>

const FACETS = ['licence', 'language', 'task', 'tag'] as const

function About({ repository }: { repository: Repository }) {
  const { t } = useTranslation('hub')
  const { t: common } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const { kind, owner, name } = repository
  const save = async (body: Change) => {
    try {
      await api.PATCH('/api/v1/repositories/{kind}/{owner}/{name}', { params: { path: { kind, owner, name } }, body })
      await queries.invalidateQueries({ queryKey: ['get', '/api/v1/repositories/{kind}/{owner}/{name}'] })
      void message.success(common('saved'))
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <Form<Change>
      layout="vertical"
      initialValues={repository}
      onFinish={(values) => void save(values)}
      style={{ maxWidth: 640 }}
    >
      <Form.Item name="description" label={t('new.description')}>
        <Input.TextArea maxLength={2000} autoSize={{ minRows: 2, maxRows: 6 }} />
      </Form.Item>
      <Form.Item name="visibility" label={t('new.visibility')}>
        <Radio.Group
          options={(['private', 'internal', 'public'] as const).map((value) => ({
            value,
            label: t(`visibility.${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item name="gated" label={t('gate.setting')} extra={t('gate.settingNote')}>
        <Radio.Group
          options={(['no', 'auto', 'manual'] as const).map((value) => ({ value, label: t(`gate.kind.${value}`) }))}
        />
      </Form.Item>
      <Form.Item
        name="grade"
        label={t('facet.grade')}
        extra={t('grade.note')}
        getValueProps={(value?: string[]) => ({ value: value?.[0] })}
        normalize={(value?: string) => (value ? [value] : [])}
      >
        <Select allowClear options={GRADES.map((value) => ({ value, label: t(`grade.${value}`) }))} />
      </Form.Item>
      <Form.Item name="protected" label={t('settings.protected')} extra={t('settings.protectedNote')}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ', '，']} />
      </Form.Item>
      {FACETS.map((facet) => (
        <Form.Item key={facet} name={facet} label={t(`facet.${facet}`)}>
          <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ', '，']} />
        </Form.Item>
      ))}
      <Button type="primary" htmlType="submit">
        {common('save')}
      </Button>
    </Form>
  )
}

/** What maintainers may change: description, labels, who may see it, its address; and its removal. */
export function SettingsTab({ repository }: { repository: Repository }) {
  const { t } = useTranslation('hub')
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [dialogue, setDialogue] = useState<'move' | 'delete' | null>(null)
  const { kind, owner, name } = repository
  const path = { kind, owner, name }
  const move = async (body: Move) => {
    const { data } = await api.POST('/api/v1/repositories/{kind}/{owner}/{name}/move', { params: { path }, body })
    if (data) void navigate(repositoryPath(kind, data.owner, data.name), { replace: true })
  }
  const remove = async () => {
    await api.DELETE('/api/v1/repositories/{kind}/{owner}/{name}', { params: { path } })
    await queries.invalidateQueries({ queryKey: ['get', '/api/v1/repositories'] })
    void navigate(listPath(kind), { replace: true })
  }
  return (
    <div className="stack">
      <Section title={t('settings.about')}>
        <About repository={repository} />
      </Section>
      <Section title={t('settings.danger')}>
        <div className="row">
          <Button onClick={() => setDialogue('move')}>{t('settings.move')}</Button>
          <Button danger onClick={() => setDialogue('delete')}>
            {t('settings.delete')}
          </Button>
        </div>
      </Section>
      <FormModal<Move>
        open={dialogue === 'move'}
        title={t('settings.move')}
        note={t('settings.moveNote')}
        submit={t('settings.move')}
        initial={{ owner, name }}
        onSubmit={move}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="owner" label={t('new.owner')} rules={[{ required: true }]}>
          <Input />
        </Form.Item>
        <Form.Item name="name" label={t('new.name')} rules={[{ required: true }]}>
          <Input />
        </Form.Item>
      </FormModal>
      <FormModal<{ typed: string }>
        open={dialogue === 'delete'}
        danger
        title={t('settings.delete')}
        note={t('settings.deleteNote')}
        submit={t('settings.delete')}
        onSubmit={remove}
        onClose={() => setDialogue(null)}
      >
        <Form.Item
          name="typed"
          label={t('settings.type', { name: repository.full_name })}
          rules={[
            {
              validator: (_, typed) =>
                typed === repository.full_name ? Promise.resolve() : Promise.reject(new Error(t('settings.mismatch'))),
            },
          ]}
        >
          <Input autoComplete="off" />
        </Form.Item>
      </FormModal>
    </div>
  )
}
