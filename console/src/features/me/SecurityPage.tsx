import { useTranslation } from 'react-i18next'

import { Page, Section } from '@/ui/Page'

import { LinkedAccounts } from './LinkedAccounts'
import { PasswordForm } from './PasswordForm'
import { SecondFactor } from './SecondFactor'
import { Sessions } from './Sessions'

export function Component() {
  const { t } = useTranslation('me')
  return (
    <Page title={t('security.title')} description={t('security.description')}>
      <div className="grid-2">
        <Section title={t('password.title')}>
          <PasswordForm />
        </Section>
        <div className="stack">
          <Section title={t('factor.title')} note={t('factor.note')}>
            <SecondFactor />
          </Section>
          <LinkedAccounts />
        </div>
      </div>
      <Sessions />
    </Page>
  )
}
