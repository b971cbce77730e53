import i18next, { type i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'

import type { Language } from '@/app/preferences'

type Bundle = Record<string, Record<string, unknown>>

/** All texts of a language are one file of the build: it is small, and no page waits for its words. */
const bundles: Record<Language, () => Promise<{ default: Bundle }>> = {
  zh: () => import('./zh'),
  en: () => import('./en'),
}

async function load(instance: i18n, language: Language): Promise<void> {
  const { default: bundle } = await bundles[language]()
  for (const [namespace, texts] of Object.entries(bundle)) {
    instance.addResourceBundle(language, namespace, texts, true, true)
  }
}

export async function startTexts(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'common',
    resources: {},
    partialBundledLanguages: true,
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  await load(i18next, language)
}

export async function switchTexts(language: Language): Promise<void> {
  await load(i18next, language)
  await i18next.changeLanguage(language)
}
