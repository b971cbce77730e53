import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { $api } from '@/api/client'
import { Facts } from '@/ui/Facts'
import { Bytes, Count, Time } from '@/ui/Figures'
import { Section } from '@/ui/Page'
import { Status } from '@/ui/Status'

/** When all that is stored was last read again, and whether something was damaged; for administrators. */
export function StorageHealth() {
  const { t } = useTranslation('hub')
  const { data } = $api.useQuery('get', '/api/v1/storage/health', {}, { refetchInterval: 60_000 })
  if (!data) return null
  const read = data.finished_at !== null
  return (
    <Section
      title={t('storage.title')}
      note={t('storage.note')}
      extra={data.job_id && <Link to={`/jobs/${data.job_id}`}>{t('storage.job')}</Link>}
    >
      <div className="stack">
        <Facts
          columns={3}
          facts={[
            {
              label: t('storage.when'),
              value: read ? (
                <Time value={data.finished_at} />
              ) : data.state ? (
                <Status value={data.state} />
              ) : (
                t('storage.never')
              ),
            },
            { label: t('storage.checked'), value: read ? <Count value={data.checked} /> : null },
            { label: t('storage.bytes'), value: read ? <Bytes value={data.bytes} /> : null },
            {
              label: t('storage.damaged'),
              value: read ? (
                <Status
                  value="damaged"
                  tone={data.corrupt_count > 0 ? 'bad' : 'good'}
                  label={<Count value={data.corrupt_count} />}
                />
              ) : null,
            },
          ]}
        />
        {data.corrupt_count > 0 && (
          <Alert type="error" showIcon title={t('storage.found')} description={data.affected.join(', ')} />
        )}
      </div>
    </Section>
  )
}
