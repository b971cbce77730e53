import { AutoComplete } from 'antd'
import { useDeferredValue, useState } from 'react'

import { $api } from '@/api/client'
import type { RepositoryKind } from '@/lib/reference'

const PREFIX: Record<RepositoryKind, string> = { dataset: 'datasets', model: 'models', report: 'reports' }

interface ReferenceInputProps {
  kind: RepositoryKind
  /** Offers `owner/name` instead of a full reference to a revision. */
  plain?: boolean
  id?: string
  value?: string
  onChange?: (value: string) => void
}

/** A reference to a repository in the hub, completed while one types. */
export function ReferenceInput({ kind, plain, ...rest }: ReferenceInputProps) {
  const [text, setText] = useState('')
  const wanted = useDeferredValue(text)
  const { data } = $api.useQuery('get', '/api/v1/repositories', {
    params: { query: { kind, text: wanted || undefined, limit: 12 } },
  })
  const options = (data?.items ?? []).map((row) => ({
    value: plain ? row.full_name : `${PREFIX[kind]}/${row.full_name}@${row.default_branch}`,
  }))
  return (
    <AutoComplete
      {...rest}
      options={options}
      placeholder={plain ? 'demo/mini-zh' : `${PREFIX[kind]}/owner/name@main`}
      showSearch={{ onSearch: (typed) => setText(typed.replace(/^\w+s\/|@.*$/g, '')) }}
    />
  )
}
