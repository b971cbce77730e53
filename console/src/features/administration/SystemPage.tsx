import { App, Button, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useSession } from '@/app/session'
import { StorageHealth } from '@/features/hub/StorageHealth'
import { ProblemView } from '@/ui/Feedback'
import { Stat, Stats } from '@/ui/Figures'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

export function Component() {
  const { t } = useTranslation('administration')
  const { message } = App.useApp()
  const session = useSession()
  const health = $api.useQuery('get', '/api/v1/health', {}, { refetchInterval: 15_000 })
  const test = async ({ to }: { to: string }) => {
    try {
      const { data } = await api.POST('/api/v1/admin/mail/test', { body: { to } })
      void message.info(
        (data as { queued?: boolean } | undefined)?.queued ? t('system.mailQueued') : t('system.mailOff'),
      )
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <Page title={t('system.title')} description={t('system.description')}>
      {health.isError && <ProblemView error={health.error} />}
      <Stats>
        <Stat label={t('system.health')} value={health.data && <Status value={health.data.status} />} />
        <Stat label={t('system.version')} value={health.data?.version} />
        <Stat label={t('system.address')} value={<span style={{ fontSize: 16 }}>{location.origin}</span>} />
      </Stats>
      <StorageHealth />
      <div className="grid-2">
        <Section title={t('system.commands')} note={t('system.commandsNote')}>
          <Snippet
            sources={[
              { label: t('system.check'), code: 'ceyuan doctor' },
              { label: t('system.backup'), code: 'ceyuan backup --to ./backups' },
              { label: t('system.upgrade'), code: 'pip install --upgrade ceyuan\nceyuan upgrade' },
              { label: t('system.metrics'), code: `curl ${location.origin}/metrics` },
            ]}
          />
        </Section>
        <Section title={t('system.mail')} note={t('system.mailNote')}>
          <Form
            layout="inline"
            initialValues={{ to: session.email ?? '' }}
            onFinish={(values: { to: string }) => void test(values)}
          >
            <Form.Item name="to" rules={[{ required: true }]}>
              <Input type="email" aria-label={t('account.email')} style={{ width: 260 }} />
            </Form.Item>
            <Button htmlType="submit">{t('system.mailSend')}</Button>
          </Form>
        </Section>
      </div>
    </Page>
  )
}
