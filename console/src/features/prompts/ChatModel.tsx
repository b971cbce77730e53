import { Select, type SelectProps } from 'antd'

import { $api } from '@/api/client'

/** Chooses among the served models that can be talked to. */
export function ChatModel(props: SelectProps<string>) {
  const { data } = $api.useQuery('get', '/api/v1/models/served', { params: { query: { state: 'ready', limit: 100 } } })
  const able = (data?.items ?? []).filter((row) => row.capabilities.includes('chat'))
  return <Select {...props} allowClear showSearch options={able.map(({ name }) => ({ value: name, label: name }))} />
}
