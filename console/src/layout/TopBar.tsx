import {
  BulbOutlined,
  DesktopOutlined,
  LogoutOutlined,
  MenuOutlined,
  MoonOutlined,
  QuestionCircleOutlined,
  SettingOutlined,
  SunOutlined,
  UserOutlined,
} from '@ant-design/icons'
import { Avatar, Dropdown, Tooltip, type MenuProps } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'

import { usePreferences, type ThemeChoice } from '@/app/preferences'
import { useSession } from '@/app/session'

import { OrganisationSwitch } from './OrganisationSwitch'
import styles from './Shell.module.css'
import { useSignOut } from './useSignOut'

interface IconButtonProps {
  label: string
  onClick?: () => void
  children: ReactNode
}

export function IconButton({ label, onClick, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip title={label} mouseEnterDelay={0.5}>
      <button type="button" className={styles.iconButton} aria-label={label} onClick={onClick} {...rest}>
        {children}
      </button>
    </Tooltip>
  )
}

export function LanguageSwitch() {
  const { language, update } = usePreferences()
  const { t } = useTranslation()
  return (
    <IconButton label={t('language')} onClick={() => update({ language: language === 'zh' ? 'en' : 'zh' })}>
      <span className={styles.iconText}>{language === 'zh' ? 'EN' : '中文'}</span>
    </IconButton>
  )
}

const THEME_ICONS: Record<ThemeChoice, ReactNode> = {
  light: <SunOutlined />,
  dark: <MoonOutlined />,
  system: <DesktopOutlined />,
}

export function ThemeSwitch() {
  const { theme, update } = usePreferences()
  const { t } = useTranslation()
  const items: MenuProps['items'] = (Object.keys(THEME_ICONS) as ThemeChoice[]).map((choice) => ({
    key: choice,
    icon: THEME_ICONS[choice],
    label: t(`theme.${choice}`),
  }))
  return (
    <Dropdown
      trigger={['click']}
      menu={{ items, selectedKeys: [theme], onClick: ({ key }) => update({ theme: key as ThemeChoice }) }}
    >
      <button type="button" className={styles.iconButton} aria-label={t('theme.label')}>
        <BulbOutlined />
      </button>
    </Dropdown>
  )
}

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
    { key: 'settings', icon: <SettingOutlined />, label: t('user.settings'), onClick: () => void navigate('/me') },
    { type: 'divider' },
    { key: 'out', icon: <LogoutOutlined />, label: t('user.signOut'), onClick: signOut },
  ]
  return (
    <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight">
      <button type="button" className={styles.iconButton} aria-label={t('user.menu', { name: session.label })}>
        <Avatar size={28} style={{ background: 'var(--cy-jade)', color: 'var(--cy-on-jade)' }} icon={<UserOutlined />}>
          {session.label.slice(0, 1)}
        </Avatar>
      </button>
    </Dropdown>
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
  return (
    <header className={styles.top}>
      <button type="button" className={`${styles.iconButton} ${styles.menuButton}`} aria-label={t('nav.menu')} onClick={onMenu}>
        <MenuOutlined />
      </button>
      <OrganisationSwitch />
      {search}
      <div className={styles.topRight}>
        {inbox}
        <IconButton label={t('help.open')} onClick={onHelp}>
          <QuestionCircleOutlined />
        </IconButton>
        <LanguageSwitch />
        <ThemeSwitch />
        <UserMenu />
      </div>
    </header>
  )
}
