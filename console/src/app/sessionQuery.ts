import { useQuery } from '@tanstack/react-query'
export function useSessionQuery() { return useQuery<import('./session').Session>({ queryKey: ['session'], queryFn: async () => { const r = await (await import('@/api/client')).send('/api/v1/me'); const d = await r.json(); return { ...d, duties: new Set(d.duties) } } }) }
