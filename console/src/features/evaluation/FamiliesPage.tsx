import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'
import type { Element } from '@/api/types'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { Page } from '@/ui/Page'

type Family = Element<'/api/v1/evaluation/families'>

export function Component() {
  const { t } = useTranslation('evaluation')
  const text = useBilingual()
  const query = $api.useQuery('get', '/api/v1/evaluation/families')
  const columns: Column<Family>[] = [
    {
      title: t('family'),
      width: 220,
      render: (_, family) => (
        <>
          <strong>{text(family, 'label')}</strong>
          <div className="faint mono">{family.name}</div>
        </>
      ),
    },
    {
      title: t('families.example'),
      render: (_, family) => <div style={{ whiteSpace: 'pre-wrap' }}>{family.example}</div>,
    },
    { title: t('answer.expected'), width: 200, render: (_, family) => <code>{family.expected}</code> },
  ]
  return (
    <Page title={t('families.title')} description={t('families.description')}>
      <DataTable
        label={t('families.title')}
        query={{ ...query, data: query.data && { items: query.data } }}
        columns={columns}
        rowKey={(family) => family.name}
        empty={null}
      />
    </Page>
  )
}
