import { Select } from 'antd'
import { useQuery } from '@tanstack/react-query'

import { send } from '@/api/client'

interface ModelList {
  data: { id: string }[]
}

/** Names of the models that the gateway serves. */
export function useServedModels() {
  return useQuery({
    queryKey: ['served models'],
    queryFn: async () => ((await (await send('/v1/models')).json()) as ModelList).data.map((model) => model.id),
    staleTime: 30_000,
    retry: false,
  })
}

interface ServedModelsProps {
  id?: string
  value?: string[]
  onChange?: (names: string[]) => void
}

/** Chooses among the models that are served; others may be typed. */
export function ServedModels(props: ServedModelsProps) {
  const { data } = useServedModels()
  return <Select {...props} mode="tags" options={(data ?? []).map((name) => ({ value: name, label: name }))} />
}
