import { LogoutOutlined, MenuOutlined, QuestionCircleOutlined, SettingOutlined } from '@ant-design/icons'
import { Avatar, Button, Dropdown, type MenuProps } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'

import { useSession } from '@/app/session'

import { OrganisationSwitch } from './OrganisationSwitch'
import styles from './Shell.module.css'
import { IconButton, LanguageSwitch, ThemeSwitch } from './Switches'
import { useSignOut } from './useSignOut'

function UserMenu() {
  const session = useSession()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const { t } = useTranslation()
  const items: MenuProps['items'] = [
    {
      key: 'who',
      type: 'group',
      label: (
        <span>
          <strong>{session.label}</strong> <span className="faint">@{session.name}</span>
        </span>
      ),
    },
    {
      key: 'settings',
      icon: <SettingOutlined />,
      label: t('user.settings'),
      onClick: () => void navigate('/settings'),
    },
    { type: 'divider' },
    { key: 'out', icon: <LogoutOutlined />, label: t('user.signOut'), onClick: signOut },
  ]
  return (
    <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight">
      <button type="button" className={styles.iconButton} aria-label={t('user.menu', { name: session.label })}>
        <Avatar size={28} style={{ background: 'var(--cy-jade)', color: 'var(--cy-on-jade)' }}>
          {session.label.slice(0, 1)}
        </Avatar>
      </button>
    </Dropdown>
  )
}

function SignInButton() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { pathname, search } = useLocation()
  const next = encodeURIComponent(pathname + search)
  return (
    <Button type="primary" onClick={() => void navigate(`/login?next=${next}`)}>
      {t('user.signIn')}
    </Button>
  )
}

interface TopBarProps {
  onMenu: () => void
  onHelp: () => void
  search: ReactNode
  inbox: ReactNode
}

export function TopBar({ onMenu, onHelp, search, inbox }: TopBarProps) {
  const { t } = useTranslation()
  const { isGuest } = useSession()
  return (
    <header className={styles.top}>
      <button
        type="button"
        className={`${styles.iconButton} ${styles.menuButton}`}
        aria-label={t('nav.menu')}
        onClick={onMenu}
      >
        <MenuOutlined />
      </button>
      {!isGuest && <OrganisationSwitch />}
      {search}
      <div className={styles.topRight}>
        {inbox}
        <IconButton label={t('help.open')} onClick={onHelp}>
          <QuestionCircleOutlined />
        </IconButton>
        <LanguageSwitch />
        <ThemeSwitch />
        {isGuest ? <SignInButton /> : <UserMenu />}
      </div>
    </header>
  )
}
