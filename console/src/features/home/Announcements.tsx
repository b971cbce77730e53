import { Alert } from 'antd'

import { $api } from '@/api/client'
import type { useBilingual } from '@/lib/text'

/** What the operators want everybody to read now. */
export function Announcements({ text }: { text: ReturnType<typeof useBilingual> }) {
  const { data } = $api.useQuery('get', '/api/v1/announcements', { params: { query: { limit: 3 } } })
  return (data?.items ?? []).map((announcement) => (
    <Alert
      key={announcement.id}
      showIcon
      type={announcement.level}
      title={
        <>
          <strong>{text(announcement, 'title')}</strong> <span className="soft">{text(announcement, 'body')}</span>
        </>
      }
    />
  ))
}
