import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'

import { OfferState } from './OffersPage'

type Partner = Item<'/api/v1/compute/partners'>
type Values = Sent<'/api/v1/compute/partners'>

const STATES = ['applied', 'admitted', 'suspended', 'refused', 'retired']

export function Component() {
  const { t } = useTranslation('compute')
  const text = useBilingual()
  const navigate = useNavigate()
  const list = useListState(['state'])
  const { proposed } = useWorkplaces('maintainer')
  const [applying, setApplying] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/partners',
    {
      params: {
        query: {
          state: list.filters.state,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const apply = async (body: Values) => {
    const { data } = await api.POST('/api/v1/compute/partners', { body })
    if (data) void navigate(`/compute/partners/${data.id}`)
  }
  const columns: Column<Partner>[] = [
    {
      title: t('partner'),
      sort: 'name_zh',
      render: (_, row) => <Link to={`/compute/partners/${row.id}`}>{text(row, 'name')}</Link>,
    },
    {
      title: t('about'),
      render: (_, row) => (
        <div className="faint truncate" style={{ maxWidth: 420 }}>
          {row.about}
        </div>
      ),
    },
    { title: t('state.title'), render: (_, row) => <OfferState state={row.state} /> },
    { title: t('since'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setApplying(true)}>
      {t('partners.apply')}
    </Button>
  )
  return (
    <Page title={t('partners.title')} description={t('partners.description')} actions={button}>
      <DataTable
        label={t('partners.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('state.title'),
            options: STATES.map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        empty={<EmptyState title={t('partners.none')} next={t('partners.next')} action={button} />}
      />
      <FormModal<Values>
        open={applying}
        title={t('partners.apply')}
        submit={t('form.submit')}
        initial={{ org_id: proposed?.id ?? '' }}
        onSubmit={apply}
        onClose={() => setApplying(false)}
      >
        <OrganisationField />
        <div className="grid-2">
          <Form.Item name="name_zh" label={t('form.nameZh')} rules={[{ required: true }]}>
            <Input maxLength={120} />
          </Form.Item>
          <Form.Item name="name_en" label={t('form.nameEn')} rules={[{ required: true }]}>
            <Input maxLength={120} />
          </Form.Item>
        </div>
        <Form.Item name="contact" label={t('contact')} extra={t('form.contactNote')} rules={[{ required: true }]}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="about" label={t('about')} initialValue="">
          <Input.TextArea maxLength={4000} autoSize={{ minRows: 3 }} />
        </Form.Item>
      </FormModal>
    </Page>
  )
}
