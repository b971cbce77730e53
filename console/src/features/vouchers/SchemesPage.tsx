import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { serves, useSession } from '@/app/session'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Money, Percent, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'

type Scheme = Item<'/api/v1/vouchers/schemes'>
type NewScheme = Sent<'/api/v1/vouchers/schemes'>

interface Values extends Pick<NewScheme, 'org_id' | 'name_zh' | 'name_en' | 'cap_micro' | 'valid_days'> {
  share: number
}

export function Component() {
  const { t } = useTranslation('vouchers')
  const text = useBilingual()
  const session = useSession()
  const { proposed } = useWorkplaces()
  const officer = serves(session, 'programme_officer')
  const [creating, setCreating] = useState(false)
  const [funded, setFunded] = useState<Scheme | null>(null)
  const query = $api.useQuery('get', '/api/v1/vouchers/schemes', { params: { query: { limit: 100 } } })
  const create = async ({ share, ...values }: Values) => {
    await api.POST('/api/v1/vouchers/schemes', {
      body: { ...values, share_bp: Math.round(share * 100), resources: ['gateway.*'], models: ['*'] },
    })
    await query.refetch()
  }
  const fund = async (body: { amount_micro: number; reference: string }) => {
    await api.POST('/api/v1/vouchers/schemes/{scheme_id}/fund', {
      params: { path: { scheme_id: funded?.id ?? '' } },
      body,
    })
    await query.refetch()
  }
  const columns: Column<Scheme>[] = [
    { title: t('scheme'), render: (_, row) => <strong>{text(row, 'name')}</strong> },
    { title: t('schemes.pool'), align: 'right', render: (_, row) => <Money micro={row.pool_micro} /> },
    { title: t('schemes.cap'), align: 'right', render: (_, row) => <Money micro={row.cap_micro} /> },
    {
      title: t('schemes.share'),
      align: 'right',
      render: (_, row) => <Percent ratio={row.share_bp / 10_000} digits={0} />,
    },
    { title: t('schemes.days'), align: 'right', render: (_, row) => <span className="num">{row.valid_days}</span> },
    { title: t('schemes.closes'), render: (_, row) => <Time value={row.closes_at} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        officer && (
          <Button size="small" onClick={() => setFunded(row)}>
            {t('schemes.fund')}
          </Button>
        ),
    },
  ]
  const button = officer && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {t('schemes.new')}
    </Button>
  )
  return (
    <Page title={t('schemes.title')} description={t('schemes.description')} actions={button}>
      <DataTable
        label={t('schemes.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('schemes.none')} next={t('schemes.next')} action={button} />}
      />
      <FormModal<Values>
        open={creating}
        title={t('schemes.new')}
        submit={t('schemes.new')}
        initial={{ org_id: proposed?.id, share: 100, valid_days: 365 }}
        onSubmit={create}
        onClose={() => setCreating(false)}
      >
        <OrganisationField />
        <Form.Item name="name_zh" label={t('schemes.nameZh')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="name_en" label={t('schemes.nameEn')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="cap_micro" label={t('schemes.cap')} rules={[{ required: true }]}>
          <MoneyInput />
        </Form.Item>
        <div className="grid-2">
          <Form.Item name="share" label={t('schemes.share')}>
            <InputNumber min={0.01} max={100} suffix="%" style={{ width: '100%' }} />
          </Form.Item>
          <Form.Item name="valid_days" label={t('schemes.days')}>
            <InputNumber min={1} max={3650} precision={0} style={{ width: '100%' }} />
          </Form.Item>
        </div>
      </FormModal>
      <FormModal<{ amount_micro: number; reference: string }>
        open={funded !== null}
        title={t('schemes.fund')}
        note={t('schemes.fundNote')}
        submit={t('schemes.fund')}
        onSubmit={fund}
        onClose={() => setFunded(null)}
      >
        <Form.Item name="amount_micro" label={t('schemes.amount')} rules={[{ required: true }]}>
          <MoneyInput />
        </Form.Item>
        <Form.Item name="reference" label={t('schemes.reference')} rules={[{ required: true }]}>
          <Input maxLength={100} />
        </Form.Item>
      </FormModal>
    </Page>
  )
}
