import { DownloadOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import type { Item } from '@/api/types'
import { DataTable, type Column, type ListQuery } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Bytes, Time } from '@/ui/Figures'
import { Status } from '@/ui/Status'

type DataRequest = Item<'/api/v1/me/data-requests'>

/** Requests about data, of a person or an organisation, with the archive once it is made. */
export function DataRequests({ query }: { query: ListQuery<DataRequest> }) {
  const { t } = useTranslation('me')
  const columns: Column<DataRequest>[] = [
    { title: t('privacy.kind'), render: (_, row) => t(`privacy.kinds.${row.kind}`) },
    { title: t('privacy.state'), render: (_, row) => <Status value={row.state} /> },
    { title: t('privacy.created'), render: (_, row) => <Time value={row.created_at} /> },
    // An export begins at once: only an erasure has days of grace.
    { title: t('privacy.due'), render: (_, row) => (row.kind === 'erase_person' ? <Time value={row.due_at} /> : '—') },
    { title: t('privacy.size'), render: (_, row) => <Bytes value={row.size} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          {row.job_id && <Link to={`/jobs/${row.job_id}`}>{t('privacy.job')}</Link>}
          {row.state === 'done' && row.size !== null && (
            <Button
              size="small"
              icon={<DownloadOutlined />}
              href={`/api/v1/me/data-requests/${row.id}/archive`}
              download
            >
              {t('privacy.download')}
            </Button>
          )}
        </span>
      ),
    },
  ]
  return (
    <DataTable
      label={t('privacy.requests')}
      query={query}
      columns={columns}
      rowKey={(row) => row.id}
      empty={<EmptyState title={t('privacy.none')} next={t('privacy.next')} />}
    />
  )
}
