import type { Tone } from '@/ui/Status'

export const CALL_TONES: Record<string, Tone> = {
  ok: 'good',
  refused: 'warn',
  blocked: 'bad',
  failed: 'bad',
  cancelled: 'neutral',
  interrupted: 'warn',
}
