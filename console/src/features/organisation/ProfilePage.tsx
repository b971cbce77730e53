import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Select, Switch } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem, fieldFaults } from '@/api/problem'
import type { Sent } from '@/api/types'
import { holds, useSession, type Membership } from '@/app/session'
import { SESSION_KEY } from '@/app/sessionQuery'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Bytes, Count, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

import { KINDS, NewOrganisation } from './NewOrganisation'
import { OrganisationFrame } from './OrganisationFrame'

type Change = Sent<'/api/v1/organisations/{organisation}', 'patch'>

function Profile({ organisation }: { organisation: Membership }) {
  const { t } = useTranslation('organisation')
  const { t: common } = useTranslation()
  const session = useSession()
  const queries = useQueryClient()
  const { message } = App.useApp()
  const [form] = Form.useForm<Change>()
  const params = { path: { organisation: organisation.id } }
  const query = $api.useQuery('get', '/api/v1/organisations/{organisation}', { params })
  const usage = $api.useQuery('get', '/api/v1/repositories/usage/{org_id}', {
    params: { path: { org_id: organisation.id } },
  })
  if (query.error) return <ProblemView error={query.error} />
  const row = query.data
  if (!row) return <div style={{ minHeight: 320 }} />
  const mayChange = holds(session, organisation.id, 'owner') && row.kind !== 'personal'
  const save = async (values: Change) => {
    try {
      await api.PATCH('/api/v1/organisations/{organisation}', { params, body: values })
      await Promise.all([query.refetch(), queries.invalidateQueries({ queryKey: SESSION_KEY })])
      void message.success(common('saved'))
    } catch (problem) {
      form.setFields(fieldFaults(problem) as Parameters<typeof form.setFields>[0])
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <div className="grid-aside">
      <Section title={t('profile.about')}>
        <Form<Change>
          form={form}
          layout="vertical"
          initialValues={row}
          disabled={!mayChange}
          onFinish={(values) => void save(values)}
          style={{ maxWidth: 600 }}
        >
          <Form.Item name="display_name" label={t('field.display')} rules={[{ required: true }]}>
            <Input maxLength={120} />
          </Form.Item>
          {row.kind !== 'personal' && (
            <Form.Item name="kind" label={t('field.kind')}>
              <Select options={KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))} />
            </Form.Item>
          )}
          <Form.Item name="description" label={t('field.description')}>
            <Input.TextArea maxLength={2000} autoSize={{ minRows: 3, maxRows: 8 }} />
          </Form.Item>
          <Form.Item name="website" label={t('field.website')}>
            <Input placeholder="https://" maxLength={300} />
          </Form.Item>
          <Form.Item name="credit_code" label={t('field.code')}>
            <Input maxLength={18} />
          </Form.Item>
          <Form.Item name="is_listed" label={t('field.listed')} valuePropName="checked">
            <Switch />
          </Form.Item>
          {mayChange && (
            <Button type="primary" htmlType="submit">
              {common('save')}
            </Button>
          )}
        </Form>
      </Section>
      <Section title={t('profile.facts')}>
        <Facts
          facts={[
            { label: t('field.name'), value: <code>{row.name}</code> },
            { label: t('fact.role'), value: row.role ? common(`role.${row.role}`) : null },
            { label: t('fact.members'), value: row.member_count === null ? null : <Count value={row.member_count} /> },
            {
              label: t('fact.verified'),
              value: row.verified_at ? (
                <Time value={row.verified_at} />
              ) : (
                <Status value="pending" label={t('fact.unverified')} />
              ),
            },
            { label: t('fact.repositories'), value: <Count value={usage.data?.repositories} /> },
            { label: t('fact.stored'), value: <Bytes value={usage.data?.stored_bytes} /> },
            { label: t('fact.created'), value: <Time value={row.created_at} /> },
          ]}
        />
      </Section>
    </div>
  )
}

export function Component() {
  const { t } = useTranslation('organisation')
  return (
    <OrganisationFrame
      title={t('profile.title')}
      description={t('profile.description')}
      actions={() => <NewOrganisation />}
    >
      {(organisation) => <Profile organisation={organisation} />}
    </OrganisationFrame>
  )
}
