import { DownloadOutlined } from '@ant-design/icons'
import { Button, Checkbox, Dropdown, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'

import { $api } from '@/api/client'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Decimal, DerivedPrice, Money, Percent } from '@/ui/Figures'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { RegionMap } from './RegionMap'
import { Units } from './Units'
import { TONES, useAccelerators, useRegions, useVendors, type Offer } from './words'

const MOST = 6
const STATES = ['applied', 'verified', 'identified', 'published', 'live', 'degraded', 'suspended', 'retired', 'refused']

export function OfferState({ state }: { state: string }) {
  const { t } = useTranslation('compute')
  return <Status value={state} tone={TONES[state] ?? 'neutral'} label={t(`state.${state}`, { defaultValue: state })} />
}

function IdentifierSearch() {
  const { t } = useTranslation('compute')
  const navigate = useNavigate()
  const [wanted, setWanted] = useState('')
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/identifiers/{identifier}',
    { params: { path: { identifier: wanted } } },
    { enabled: wanted !== '', retry: false },
  )
  const found = query.data
  return (
    <div className="stack">
      <Input.Search
        placeholder={t('identifier.placeholder')}
        aria-label={t('identifier.placeholder')}
        enterButton={t('identifier.look')}
        loading={query.isFetching}
        onSearch={(text) => setWanted(text.trim())}
        style={{ maxWidth: 420 }}
      />
      {wanted !== '' && query.isError && <span className="faint">{t('identifier.none')}</span>}
      {found && (
        <Button type="link" onClick={() => void navigate(`/compute/offers/${found.id}`)}>
          {found.title} · {t(`state.${found.state}`)}
        </Button>
      )}
    </div>
  )
}

function useColumns(chosen: string[], choose: (id: string, on: boolean) => void): Column<Offer>[] {
  const { t } = useTranslation('compute')
  const text = useBilingual()
  const { name } = useRegions()
  const vendor = useVendors()
  return [
    {
      title: '',
      width: 36,
      render: (_, row) => (
        <Checkbox
          aria-label={t('compare.choose', { title: row.title })}
          checked={chosen.includes(row.id)}
          disabled={!chosen.includes(row.id) && chosen.length >= MOST}
          onChange={(event) => choose(row.id, event.target.checked)}
        />
      ),
    },
    {
      title: t('offer'),
      sort: 'title',
      render: (_, row) => (
        <div>
          <Link to={`/compute/offers/${row.id}`}>{row.title}</Link>
          <div className="faint">
            {text(row, 'partner')} · {name(row.region)}
          </div>
        </div>
      ),
    },
    {
      title: t('accelerator'),
      render: (_, row) => (
        <div>
          {row.accelerator_label}
          <div className="faint">{vendor(row.vendor)}</div>
        </div>
      ),
    },
    {
      title: t('count'),
      sort: 'accelerators',
      align: 'right',
      render: (_, row) => <Units offer={row} />,
    },
    { title: t('price'), sort: 'price_micro', align: 'right', render: (_, row) => <Money micro={row.price_micro} /> },
    {
      title: t('unitPrice'),
      sort: 'unit_micro',
      align: 'right',
      render: (_, row) => <DerivedPrice micro={row.unit_micro} />,
    },
    {
      title: t('memory'),
      sort: 'memory_gib',
      align: 'right',
      render: (_, row) => <Decimal value={row.memory_gib || null} digits={0} />,
    },
    {
      title: t('availability'),
      sort: 'availability_bp',
      align: 'right',
      render: (_, row) => <Percent ratio={row.availability_bp / 10_000} digits={2} />,
    },
    { title: t('state.title'), render: (_, row) => <OfferState state={row.state} /> },
  ]
}

export function Component() {
  const { t } = useTranslation('compute')
  const navigate = useNavigate()
  const list = useListState(['q', 'region', 'vendor', 'accelerator', 'state'])
  const [chosen, setChosen] = useState<string[]>([])
  const { regions, name } = useRegions()
  const vendor = useVendors()
  const accelerators = useAccelerators()
  const filters = {
    q: list.filters.q,
    region: list.filters.region,
    vendor: list.filters.vendor,
    accelerator: list.filters.accelerator,
    state: list.filters.state,
  }
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/offers',
    {
      params: {
        query: { ...filters, sort: list.sort ?? undefined, cursor: list.cursor ?? undefined, limit: 25 },
      },
    },
    { placeholderData: (held) => held },
  )
  const columns = useColumns(chosen, (id, on) =>
    setChosen((held) => (on ? [...held, id] : held.filter((each) => each !== id))),
  )
  const file = (format: string) => {
    const params = new URLSearchParams({ format })
    for (const [key, value] of Object.entries(filters)) if (value) params.set(key, value)
    return `/api/v1/compute/offers/export?${params.toString()}`
  }
  const vendors = [...new Set(accelerators.map((each) => each.vendor))]
  const actions = (
    <>
      <Dropdown
        menu={{
          items: ['csv', 'json'].map((format) => ({
            key: format,
            label: (
              <a href={file(format)} download>
                {format.toUpperCase()}
              </a>
            ),
          })),
        }}
      >
        <Button icon={<DownloadOutlined />}>{t('export')}</Button>
      </Dropdown>
      <Button
        type="primary"
        disabled={chosen.length < 2}
        onClick={() => void navigate(`/compute/offers/compare?${chosen.map((id) => `id=${id}`).join('&')}`)}
      >
        {t('compare.go', { count: chosen.length })}
      </Button>
    </>
  )
  return (
    <Page title={t('offers.title')} description={t('offers.description')} actions={actions}>
      <Section title={t('map.title')} note={t('map.note')} extra={<IdentifierSearch />}>
        <RegionMap
          regions={regions}
          chosen={list.filters.region}
          onChoose={(region) => list.setFilter('region', region)}
        />
      </Section>
      <DataTable
        label={t('offers.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        filters={[
          { name: 'q', label: t('search') },
          {
            name: 'region',
            label: t('region'),
            options: regions.map((each) => ({ value: each.name, label: name(each.name) })),
          },
          { name: 'vendor', label: t('maker'), options: vendors.map((value) => ({ value, label: vendor(value) })) },
          {
            name: 'accelerator',
            label: t('accelerator'),
            options: accelerators.map((each) => ({ value: each.name, label: each.label })),
          },
          {
            name: 'state',
            label: t('state.title'),
            options: STATES.map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        empty={
          <EmptyState title={t('offers.none')} next={t('offers.next')}>
            <Snippet sources={[{ label: 'CLI', code: 'ceyuan compute offers --region beijing' }]} />
          </EmptyState>
        }
      />
    </Page>
  )
}
