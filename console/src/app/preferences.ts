import { createContext, useContext } from 'react'

import type { Theme } from './tokens'

export type Language = 'zh' | 'en'
export type ThemeChoice = Theme | 'system'

export interface Preferences {
  theme: ThemeChoice
  language: Language
  /** Id of the organisation whose work is shown; null is the person's own space. */
  organisation: string | null
}

const KEY = 'ceyuan.preferences'

function browserLanguage(): Language {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

/** Preferences of this browser. `public/boot.js` reads the same key before the first paint. */
export function loadPreferences(): Preferences {
  const standard: Preferences = { theme: 'system', language: browserLanguage(), organisation: null }
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return saved !== null && typeof saved === 'object' ? { ...standard, ...saved } : standard
  } catch {
    return standard
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences))
  } catch {
    // A browser that forbids storage still works; it only forgets.
  }
}

export function resolveTheme(choice: ThemeChoice): Theme {
  if (choice !== 'system') return choice
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

export interface PreferencesStore extends Preferences {
  resolvedTheme: Theme
  update: (change: Partial<Preferences>) => void
}

export const PreferencesContext = createContext<PreferencesStore | null>(null)

export function usePreferences(): PreferencesStore {
  const store = useContext(PreferencesContext)
  if (!store) throw new Error('usePreferences needs a PreferencesProvider above it')
  return store
}
