import { BulbOutlined, DesktopOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Dropdown, Tooltip, type MenuProps } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { usePreferences, type ThemeChoice } from '@/app/preferences'

import styles from './Shell.module.css'

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
