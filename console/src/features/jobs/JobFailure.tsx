import { usePreferences } from '@/app/preferences'
import { ProblemView } from '@/ui/Feedback'

type Pair = [zh: string, en: string]

const isPair = (value: unknown): value is Pair => Array.isArray(value) && value.length === 2

/** Why a job failed: the error that it left, worded and hinted like every other problem. */
export function JobFailure({ error }: { error: Record<string, unknown> }) {
  const { language } = usePreferences()
  const word = (name: string) => {
    const value = error[name]
    return isPair(value) ? value[language === 'zh' ? 0 : 1] : ''
  }
  return (
    <ProblemView
      error={{
        type: 'about:blank',
        title: word('message'),
        status: 0,
        detail: '',
        code: String(error.code ?? 'job_failed'),
        hint: word('hint') || null,
      }}
    />
  )
}
