import { usePreferences } from '@/app/preferences'

type Bilingual<Name extends string> = { [Key in `${Name}_zh` | `${Name}_en`]?: string | null }

/** Reads `title_zh` / `title_en` and the like in the reader's language, falling back to the other one. */
export function useBilingual(): <Name extends string>(row: Bilingual<Name>, name: Name) => string {
  const { language } = usePreferences()
  return (row, name) => {
    const both = row as Record<string, string | null | undefined>
    const other = language === 'zh' ? 'en' : 'zh'
    return both[`${name}_${language}`] || both[`${name}_${other}`] || ''
  }
}
