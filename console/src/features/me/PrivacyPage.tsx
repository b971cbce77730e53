import { App, Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { DataRequests } from '@/features/privacy/DataRequests'
import { Page, Section } from '@/ui/Page'

/** One's own data: a copy of all of it, and its erasure. */
export function Component() {
  const { t } = useTranslation('me')
  const { message } = App.useApp()
  const query = $api.useQuery('get', '/api/v1/me/data-requests', {}, { refetchInterval: 10_000 })
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work()
      await query.refetch()
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  const erasing = query.data?.items.find(({ kind, state }) => kind === 'erase_person' && state === 'waiting')
  return (
    <Page title={t('privacy.title')} description={t('privacy.description')}>
      <div className="grid-2">
        <Section title={t('privacy.export')} note={t('privacy.exportNote')}>
          <Button type="primary" onClick={() => void act(() => api.POST('/api/v1/me/export'))}>
            {t('privacy.exportDo')}
          </Button>
        </Section>
        <Section title={t('privacy.erase')} note={t('privacy.eraseNote')}>
          {erasing ? (
            <Button
              onClick={() =>
                void act(() =>
                  api.DELETE('/api/v1/me/erasure/{request_id}', { params: { path: { request_id: erasing.id } } }),
                )
              }
            >
              {t('privacy.keep')}
            </Button>
          ) : (
            <Popconfirm title={t('privacy.eraseAsk')} onConfirm={() => void act(() => api.POST('/api/v1/me/erasure'))}>
              <Button danger>{t('privacy.eraseDo')}</Button>
            </Popconfirm>
          )}
        </Section>
      </div>
      <DataRequests query={query} />
    </Page>
  )
}
