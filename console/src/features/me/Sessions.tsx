import { Button, Popconfirm, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { browserName } from '@/lib/browser'
import { DataTable, type Column } from '@/ui/DataTable'

import { Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'

type Session = Item<'/api/v1/sessions'>

/** The browsers in which one is signed in. */
export function Sessions() {
  const { t } = useTranslation('me')
  const query = $api.useQuery('get', '/api/v1/sessions', { params: { query: { limit: 50 } } })
  const end = async (id: string) => {
    await api.DELETE('/api/v1/sessions/{session_id}', { params: { path: { session_id: id } } })
    await query.refetch()
  }
  const endOthers = async () => {
    await api.DELETE('/api/v1/sessions')
    await query.refetch()
  }
  const columns: Column<Session>[] = [
    {
      title: t('sessions.client'),
      render: (_, session) => (
        <div title={session.client}>
          {browserName(session.client)} {session.is_current && <Tag color="green">{t('sessions.current')}</Tag>}
          {session.impersonated && <Tag color="gold">{t('sessions.impersonated')}</Tag>}
        </div>
      ),
    },
    { title: t('sessions.address'), render: (_, session) => <code>{session.address}</code> },
    {
      title: t('sessions.method'),
      render: (_, { method }) => {
        const [kind = method, provider] = method.split(':')
        return t(`sessions.methods.${kind}`, { provider, defaultValue: method })
      },
    },
    { title: t('sessions.seen'), render: (_, session) => <Time value={session.seen_at} /> },
    { title: t('sessions.created'), render: (_, session) => <Time value={session.created_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, session) =>
        !session.is_current && (
          <Button size="small" onClick={() => void end(session.id)}>
            {t('sessions.end')}
          </Button>
        ),
    },
  ]
  return (
    <Section
      title={t('sessions.title')}
      extra={
        <Popconfirm title={t('sessions.endOthersAsk')} onConfirm={() => void endOthers()}>
          <Button size="small">{t('sessions.endOthers')}</Button>
        </Popconfirm>
      }
      flush
    >
      <DataTable
        label={t('sessions.title')}
        query={query}
        columns={columns}
        rowKey={(session) => session.id}
        bare
        empty={null}
      />
    </Section>
  )
}
