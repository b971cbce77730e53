import { App as AntApp, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { useCallback, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react'

import { switchTexts } from '@/locales'

import { loadPreferences, PreferencesContext, resolveTheme, savePreferences, type Preferences } from './preferences'
import { themeConfig } from './theme'
import { cssVariables } from './tokens'

function useSystemTheme(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const changed = () => setChanges((count) => count + 1)
    media.addEventListener('change', changed)
    return () => media.removeEventListener('change', changed)
  }, [])
  return changes
}

/** Language, theme and organisation of this browser, and Ant Design set up to match. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [preferences, setPreferences] = useState(loadPreferences)
  useSystemTheme()
  const resolvedTheme = resolveTheme(preferences.theme)
  const update = useCallback((change: Partial<Preferences>) => {
    const apply = () =>
      setPreferences((current) => {
        const next = { ...current, ...change }
        savePreferences(next)
        return next
      })
    // The words are fetched before the language changes, so that no page shows keys for a moment.
    if (change.language) void switchTexts(change.language).then(apply)
    else apply()
  }, [])
  useLayoutEffect(() => {
    const root = document.documentElement
    root.dataset.theme = resolvedTheme
    root.lang = preferences.language === 'zh' ? 'zh-CN' : 'en'
  }, [resolvedTheme, preferences.language])
  const store = useMemo(() => ({ ...preferences, resolvedTheme, update }), [preferences, resolvedTheme, update])
  const theme = useMemo(() => themeConfig(resolvedTheme), [resolvedTheme])
  return (
    <PreferencesContext value={store}>
      <style>{`:root { ${cssVariables(resolvedTheme)} }`}</style>
      <ConfigProvider
        theme={theme}
        locale={preferences.language === 'zh' ? zhCN : enUS}
        button={{ autoInsertSpace: false }}
        wave={{ disabled: true }}
      >
        <AntApp message={{ maxCount: 3 }}>{children}</AntApp>
      </ConfigProvider>
    </PreferencesContext>
  )
}
