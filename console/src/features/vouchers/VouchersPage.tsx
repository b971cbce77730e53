import { PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, Progress, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { formatMoney } from '@/lib/format'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Money, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { MoneyInput } from '@/ui/MoneyInput'
import { OrganisationField, useWorkplaces } from '@/ui/OrganisationField'
import { Page } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status, type Tone } from '@/ui/Status'

type Voucher = Item<'/api/v1/vouchers'>
type Values = Sent<'/api/v1/vouchers'>

const STATES: Record<string, Tone> = {
  applied: 'active',
  granted: 'good',
  closed: 'neutral',
  refused: 'bad',
  objected: 'active',
  final: 'bad',
  revoked: 'bad',
  withdrawn: 'neutral',
}

export function VoucherState({ state }: { state: string }) {
  const { t } = useTranslation('vouchers')
  return <Status value={state} tone={STATES[state] ?? 'neutral'} label={t(`state.${state}`, { defaultValue: state })} />
}

/** How much of a voucher is left. */
export function Left({ voucher }: { voucher: Voucher }) {
  const { t } = useTranslation('vouchers')
  if (voucher.granted_micro === null || voucher.left_micro === null) return <span className="faint">—</span>
  const percent = Math.round((100 * voucher.left_micro) / Math.max(1, voucher.granted_micro))
  return (
    <div style={{ minWidth: 160 }}>
      <Money micro={voucher.left_micro} />{' '}
      <span className="faint">
        / <Money micro={voucher.granted_micro} />
      </span>
      <Progress
        percent={percent}
        size="small"
        showInfo={false}
        aria-label={t('left')}
        status={percent === 0 ? 'exception' : 'normal'}
      />
    </div>
  )
}

function Apply({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation('vouchers')
  const { language } = usePreferences()
  const text = useBilingual()
  const navigate = useNavigate()
  const { proposed } = useWorkplaces('maintainer')
  const { data: schemes } = $api.useQuery(
    'get',
    '/api/v1/vouchers/schemes',
    { params: { query: { limit: 100 } } },
    { enabled: open },
  )
  const apply = async (body: Values) => {
    const { data } = await api.POST('/api/v1/vouchers', { body })
    if (data) void navigate(`/programmes/vouchers/${data.id}`)
  }
  return (
    <FormModal<Values>
      open={open}
      title={t('apply.title')}
      submit={t('apply.submit')}
      initial={{ org_id: proposed?.id }}
      onSubmit={apply}
      onClose={onClose}
    >
      <Form.Item name="scheme_id" label={t('scheme')} rules={[{ required: true }]}>
        <Select
          options={(schemes?.items ?? []).map((scheme) => ({
            value: scheme.id,
            label: `${text(scheme, 'name')} · ${t('upTo', { amount: formatMoney(scheme.cap_micro, language) })}`,
          }))}
        />
      </Form.Item>
      <OrganisationField />
      <Form.Item name="asked_micro" label={t('asked')} rules={[{ required: true }]}>
        <MoneyInput />
      </Form.Item>
      <Form.Item name="purpose" label={t('purpose')} rules={[{ required: true }]}>
        <Input.TextArea maxLength={1000} autoSize={{ minRows: 3 }} />
      </Form.Item>
    </FormModal>
  )
}

export function Component() {
  const { t } = useTranslation('vouchers')
  const text = useBilingual()
  const { organisation } = usePreferences()
  const list = useListState(['state'])
  const [applying, setApplying] = useState(false)
  const query = $api.useQuery(
    'get',
    '/api/v1/vouchers',
    {
      params: {
        query: {
          state: list.filters.state,
          org_id: organisation ?? undefined,
          sort: list.sort ?? undefined,
          cursor: list.cursor ?? undefined,
          limit: 25,
        },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns: Column<Voucher>[] = [
    {
      title: t('scheme'),
      render: (_, row) => (
        <div>
          <Link to={`/programmes/vouchers/${row.id}`}>{text(row, 'scheme')}</Link>
          <div className="faint truncate" style={{ maxWidth: 320 }}>
            {row.purpose}
          </div>
        </div>
      ),
    },
    { title: t('column.state'), sort: 'state', render: (_, row) => <VoucherState state={row.state} /> },
    { title: t('asked'), sort: 'asked_micro', align: 'right', render: (_, row) => <Money micro={row.asked_micro} /> },
    { title: t('left'), render: (_, row) => <Left voucher={row} /> },
    { title: t('expires'), render: (_, row) => <Time value={row.expires_at} /> },
    { title: t('column.created'), sort: 'created_at', render: (_, row) => <Time value={row.created_at} /> },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setApplying(true)}>
      {t('apply.title')}
    </Button>
  )
  return (
    <Page title={t('title')} description={t('description')} actions={button}>
      <DataTable
        label={t('title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          {
            name: 'state',
            label: t('column.state'),
            options: Object.keys(STATES).map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('empty.title')} next={t('empty.next')} action={button}>
            <Snippet
              sources={[
                {
                  label: 'HTTP',
                  code: `curl -H "Authorization: Bearer $CEYUAN_TOKEN" ${location.origin}/api/v1/vouchers/schemes`,
                },
              ]}
            />
          </EmptyState>
        }
      />
      <Apply open={applying} onClose={() => setApplying(false)} />
    </Page>
  )
}
