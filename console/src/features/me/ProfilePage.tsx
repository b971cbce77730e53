import { useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem, fieldFaults } from '@/api/problem'
import type { Sent } from '@/api/types'
import { SESSION_KEY } from '@/app/sessionQuery'
import { ProblemView } from '@/ui/Feedback'
import { FormModal } from '@/ui/FormModal'
import { Page, Section } from '@/ui/Page'

import { CurrentPassword } from './CurrentPassword'

type Profile = Sent<'/api/v1/me', 'patch'>
type NewEmail = Sent<'/api/v1/me/email', 'put'>

function useRefresh() {
  const queries = useQueryClient()
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: SESSION_KEY }),
      queries.invalidateQueries({ queryKey: ['get', '/api/v1/me'] }),
    ])
}

function ProfileForm() {
  const { t } = useTranslation('me')
  const { t: common } = useTranslation()
  const { message } = App.useApp()
  const { data } = $api.useQuery('get', '/api/v1/me')
  const refresh = useRefresh()
  const [form] = Form.useForm<Profile>()
  if (!data) return <div style={{ minHeight: 320 }} />
  const save = async (body: Profile) => {
    try {
      await api.PATCH('/api/v1/me', { body })
      await refresh()
      void message.success(common('saved'))
    } catch (problem) {
      form.setFields(fieldFaults(problem) as Parameters<typeof form.setFields>[0])
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <Form<Profile>
      form={form}
      layout="vertical"
      initialValues={data}
      onFinish={(values) => void save(values)}
      style={{ maxWidth: 560 }}
    >
      <Form.Item name="display_name" label={t('profile.display')} rules={[{ required: true }]}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="affiliation" label={t('profile.affiliation')}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="bio" label={t('profile.bio')}>
        <Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 6 }} />
      </Form.Item>
      <Form.Item name="wants_mail" label={t('profile.mail')} valuePropName="checked">
        <Switch />
      </Form.Item>
      <Button type="primary" htmlType="submit">
        {common('save')}
      </Button>
    </Form>
  )
}

function Addresses() {
  const { t } = useTranslation('me')
  const { message } = App.useApp()
  const { data, error } = $api.useQuery('get', '/api/v1/me')
  const refresh = useRefresh()
  const [dialogue, setDialogue] = useState<'name' | 'email' | null>(null)
  if (error) return <ProblemView error={error} />
  const confirm = async () => {
    const { data: answer } = await api.POST('/api/v1/me/email/confirmation')
    void message.info(answer?.mailed ? t('email.mailed') : t('email.noMail'))
  }
  return (
    <div className="stack">
      <div className="row between">
        <span>
          {t('name.label')} <code>@{data?.name}</code>
        </span>
        <Button onClick={() => setDialogue('name')}>{t('name.change')}</Button>
      </div>
      <div className="row between">
        <span>
          {t('email.label')} {data?.email ?? <span className="faint">{t('email.none')}</span>}
        </span>
        <Button onClick={() => setDialogue('email')}>{t('email.change')}</Button>
      </div>
      {data?.email && !data.email_confirmed && (
        <Alert
          type="warning"
          showIcon
          title={t('email.unconfirmed')}
          action={
            <Button size="small" onClick={() => void confirm()}>
              {t('email.send')}
            </Button>
          }
        />
      )}
      <FormModal<{ name: string }>
        open={dialogue === 'name'}
        title={t('name.change')}
        note={t('name.note')}
        submit={t('name.change')}
        initial={{ name: data?.name ?? '' }}
        onSubmit={async (body) => {
          await api.PUT('/api/v1/me/name', { body })
          await refresh()
        }}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="name" label={t('name.label')} rules={[{ required: true }]}>
          <Input maxLength={39} />
        </Form.Item>
      </FormModal>
      <FormModal<NewEmail>
        open={dialogue === 'email'}
        title={t('email.change')}
        submit={t('email.change')}
        initial={{ email: data?.email ?? '' }}
        onSubmit={async (values) => {
          await api.PUT('/api/v1/me/email', {
            body: { ...values, email: values.email || null, password: values.password ?? '' },
          })
          await refresh()
        }}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="email" label={t('email.label')}>
          <Input type="email" maxLength={254} />
        </Form.Item>
        <CurrentPassword name="password" why={t('password.why')} />
      </FormModal>
    </div>
  )
}

export function Component() {
  const { t } = useTranslation('me')
  return (
    <Page title={t('profile.title')} description={t('profile.description')}>
      <div className="grid-2">
        <Section title={t('profile.about')}>
          <ProfileForm />
        </Section>
        <div className="stack">
          <Section title={t('profile.addresses')}>
            <Addresses />
          </Section>
        </div>
      </div>
    </Page>
  )
}
