import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { isRouteErrorResponse, Link, useRouteError } from 'react-router'

import { ProblemView } from '@/ui/Feedback'
import { Page } from '@/ui/Page'

/** A chunk of an older build is gone after an upgrade; loading the page anew fetches the new ones. */
function isStaleBuild(error: unknown): boolean {
  return error instanceof TypeError && /dynamically imported module|module script/i.test(error.message)
}

export function ErrorPage() {
  const { t } = useTranslation()
  const error = useRouteError()
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFoundPage />
  if (isStaleBuild(error)) {
    return (
      <Page title={t('stale.title')} description={t('stale.body')}>
        <div>
          <Button type="primary" onClick={() => location.reload()}>
            {t('stale.reload')}
          </Button>
        </div>
      </Page>
    )
  }
  return <ProblemView page error={error} onRetry={() => location.reload()} />
}

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('notFound.title')} description={t('notFound.body')}>
      <div>
        <Link to="/">{t('notFound.home')}</Link>
      </div>
    </Page>
  )
}
