import { Drawer } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, Outlet, ScrollRestoration, useLocation, useMatches } from 'react-router'

import { ProblemError } from '@/api/client'
import { entryOf, isRouteHandle, visibleRooms } from '@/app/features'
import { GUEST, SessionContext, type Session } from '@/app/session'
import { useSessionQuery } from '@/app/sessionQuery'
import { ProblemView } from '@/ui/Feedback'

import { HelpDrawer } from './HelpDrawer'
import { ImpersonationBanner } from './ImpersonationBanner'
import { Inbox } from './Inbox'
import { Rail, SideNav } from './Rail'
import { Search } from './Search'
import styles from './Shell.module.css'
import { TopBar } from './TopBar'

function Frame({ session }: { session: Session }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const [help, setHelp] = useState(false)
  const [menu, setMenu] = useState(false)
  const rooms = useMemo(() => visibleRooms(session), [session])
  const current = entryOf(rooms, pathname)?.room
  const room = rooms.find(({ id }) => id === current)
  const rail = <Rail rooms={rooms} current={current} />
  const side = room && <SideNav room={room} />
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {t('nav.skip')}
      </a>
      {rail}
      {side ?? <div className={styles.noSide} />}
      <TopBar
        onMenu={() => setMenu(true)}
        onHelp={() => setHelp(true)}
        search={<Search rooms={rooms} />}
        inbox={session.isGuest ? null : <Inbox />}
      />
      <main id="main" className={styles.main} tabIndex={-1}>
        <ImpersonationBanner />
        <Outlet />
      </main>
      <Drawer
        open={menu}
        onClose={() => setMenu(false)}
        placement="left"
        size={290}
        closable={false}
        styles={{ body: { padding: 0 } }}
      >
        <div className={styles.drawerNav} onClick={() => setMenu(false)}>
          {rail}
          {side}
        </div>
      </Drawer>
      <HelpDrawer open={help} onClose={() => setHelp(false)} />
      <ScrollRestoration />
    </div>
  )
}

/** The frame around every page but those of signing in; who is not signed in sees the pages that are open to all. */
export function Shell() {
  const { data: session, error, refetch } = useSessionQuery()
  const { pathname, search } = useLocation()
  const isOpen = useMatches().some(({ handle }) => isRouteHandle(handle) && handle.guest === true)
  const isUnknown = error instanceof ProblemError && error.status === 401
  const shown = isUnknown ? isOpen && GUEST : session
  if (shown) {
    return (
      <SessionContext value={shown}>
        <Frame session={shown} />
      </SessionContext>
    )
  }
  if (isUnknown) {
    const next = pathname === '/' ? '' : `?next=${encodeURIComponent(pathname + search)}`
    return <Navigate to={`/login${next}`} replace />
  }
  if (error) return <ProblemView page error={error} onRetry={() => void refetch()} />
  return null
}
