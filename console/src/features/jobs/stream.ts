import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { $api } from '@/api/client'
import type { Item } from '@/api/types'
import type { LogLine } from '@/ui/LogView'

export type Job = Item<'/api/v1/jobs'>

export const OPEN_STATES: ReadonlySet<string> = new Set(['queued', 'running'])

const KEPT_LINES = 5000

interface Live {
  job: Job | null
  lines: LogLine[]
  ended: boolean
}

/**
 * A job's log and state as they change. The stream begins with the lines so far; a dropped connection
 * goes on after the last line (`Last-Event-ID`). One stream per mount: give the component a key.
 */
export function useJobStream(jobId: string): Live {
  const [live, setLive] = useState<Live>({ job: null, lines: [], ended: false })
  const queries = useQueryClient()
  useEffect(() => {
    const source = new EventSource(`/api/v1/jobs/${encodeURIComponent(jobId)}/events`)
    const refresh = () =>
      void queries.invalidateQueries({
        queryKey: $api.queryOptions('get', '/api/v1/jobs/{job_id}', { params: { path: { job_id: jobId } } }).queryKey,
      })
    let waiting: LogLine[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    // Lines come in bursts; one render each would stall the page.
    const flush = () => {
      timer = undefined
      const fresh = waiting
      waiting = []
      setLive((now) => ({ ...now, lines: [...now.lines, ...fresh].slice(-KEPT_LINES) }))
    }
    source.addEventListener('log', (event: MessageEvent<string>) => {
      waiting.push(JSON.parse(event.data) as LogLine)
      timer ??= setTimeout(flush, 120)
    })
    source.addEventListener('job', (event: MessageEvent<string>) => {
      setLive((now) => ({ ...now, job: JSON.parse(event.data) as Job }))
      refresh()
    })
    source.addEventListener('end', () => {
      source.close()
      setLive((now) => ({ ...now, ended: true }))
      refresh()
    })
    return () => {
      source.close()
      clearTimeout(timer)
    }
  }, [jobId, queries])
  return live
}
