import { Drawer } from 'antd'
import { useTranslation } from 'react-i18next'
import { useMatches } from 'react-router'

import { isRouteHandle } from '@/app/features'
import { Markdown } from '@/ui/Markdown'

/** Help of the page that is open: what it is for, what to do on it, and the same for a terminal. */
export function HelpDrawer({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const handle = useMatches()
    .map((match) => match.handle)
    .filter(isRouteHandle)
    .at(-1)
  const key = handle?.help ?? 'common:help'
  return (
    <Drawer open={open} onClose={onClose} size={440} title={t(`${key}.title`)} destroyOnHidden>
      <Markdown text={t(`${key}.body`)} />
      <p className="soft" style={{ marginTop: 28 }}>
        <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
          {t('help.api')}
        </a>
      </p>
    </Drawer>
  )
}
