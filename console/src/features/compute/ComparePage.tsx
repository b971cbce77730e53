import { Table } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'

import { $api } from '@/api/client'
import { useBilingual } from '@/lib/text'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Decimal, DerivedPrice, Money, Percent, Time } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'

import { Units } from './Units'
import { useRegions, type Offer } from './words'

/** A price with what it is for: an accelerator, or a node where there is none. */
function HourPrice({ offer, micro }: { offer: Offer; micro: number | null }) {
  const { t } = useTranslation('compute')
  return (
    <>
      <Money micro={micro} />{' '}
      {micro !== null && (
        <span className="faint">{t(offer.accelerator === 'cpu' ? 'perNodeHour' : 'perCardHour')}</span>
      )}
    </>
  )
}

interface Row {
  key: string
  label: ReactNode
  cell: (offer: Offer) => ReactNode
}

/** Speeds in one line for each precision and family; peaks, claims and measurements stay apart. */
function speedRows(offers: Offer[], provenance: (name: string) => string): Row[] {
  const keys = new Map<string, Row>()
  for (const offer of offers) {
    for (const rate of offer.throughput) {
      const key = [rate.provenance, rate.family, rate.precision, rate.unit].join('|')
      keys.set(key, {
        key,
        label: `${rate.family} · ${rate.precision} · ${rate.unit} (${provenance(rate.provenance)})`,
        cell: (one) => {
          const found = one.throughput.find(
            (each) => [each.provenance, each.family, each.precision, each.unit].join('|') === key,
          )
          return found ? (
            <span title={found.source}>
              <Decimal value={found.value} digits={1} />
            </span>
          ) : (
            <span className="faint">—</span>
          )
        },
      })
    }
  }
  return [...keys.values()]
}

function useRows(offers: Offer[]): Row[] {
  const { t } = useTranslation('compute')
  const text = useBilingual()
  const { name } = useRegions()
  const facts: Row[] = [
    { key: 'partner', label: t('partner'), cell: (offer) => text(offer, 'partner') },
    { key: 'region', label: t('region'), cell: (offer) => `${name(offer.region)} ${offer.city}` },
    { key: 'chip', label: t('accelerator'), cell: (offer) => offer.accelerator_label },
    { key: 'count', label: t('count'), cell: (offer) => <Units offer={offer} /> },
    { key: 'memory', label: t('memory'), cell: (offer) => <Decimal value={offer.memory_gib || null} digits={0} /> },
    { key: 'cores', label: t('cpuCores'), cell: (offer) => <Count value={offer.cpu_cores} /> },
    { key: 'host', label: t('hostMemory'), cell: (offer) => `${offer.host_memory_gib} GiB` },
    { key: 'link', label: t('link'), cell: (offer) => (offer.link ? `${offer.link} ${offer.link_gb_s} GB/s` : '—') },
    { key: 'network', label: t('network'), cell: (offer) => `${offer.network} ${offer.network_gbps} Gbit/s` },
    { key: 'price', label: t('price'), cell: (offer) => <HourPrice offer={offer} micro={offer.price_micro} /> },
    { key: 'spot', label: t('spotPrice'), cell: (offer) => <HourPrice offer={offer} micro={offer.spot_micro} /> },
    {
      key: 'bands',
      label: t('bands'),
      cell: (offer) =>
        offer.bands.length > 0
          ? offer.bands.map((band) => (
              <div key={band.from_hour}>
                {band.from_hour}:00–{band.to_hour}:00 <HourPrice offer={offer} micro={band.micro} />
              </div>
            ))
          : '—',
    },
    { key: 'unit', label: t('unitPrice'), cell: (offer) => <DerivedPrice micro={offer.unit_micro} /> },
    { key: 'cards', label: t('cards'), cell: (offer) => <Decimal value={offer.standard_cards || null} digits={3} /> },
    { key: 'cardHour', label: t('cardHour'), cell: (offer) => <DerivedPrice micro={offer.card_hour_micro} /> },
    {
      key: 'availability',
      label: t('availability'),
      cell: (offer) => <Percent ratio={offer.availability_bp / 10_000} digits={2} />,
    },
    { key: 'standard', label: t('standard'), cell: (offer) => offer.service_standard || '—' },
    { key: 'support', label: t('support'), cell: (offer) => offer.support.join('; ') || '—' },
    { key: 'pue', label: 'PUE', cell: (offer) => <Decimal value={offer.pue} digits={2} /> },
    { key: 'carbon', label: t('carbonHour'), cell: (offer) => <Decimal value={offer.carbon_g_hour} digits={0} /> },
    { key: 'until', label: t('until'), cell: (offer) => <Time value={offer.usable_until} full /> },
  ]
  return [...facts, ...speedRows(offers, (value) => t(`provenance.${value}`))]
}

export function Component() {
  const { t } = useTranslation('compute')
  const [params] = useSearchParams()
  const ids = params.getAll('id')
  const query = $api.useQuery(
    'get',
    '/api/v1/compute/offers/compare',
    { params: { query: { id: ids } } },
    { enabled: ids.length > 0 },
  )
  const offers = query.data ?? []
  const rows = useRows(offers)
  if (query.error) return <ProblemView page error={query.error} />
  if (ids.length > 0 && !query.data) return <Loading />
  return (
    <Page
      title={t('compare.title')}
      description={t('compare.description')}
      crumbs={[{ label: t('offers.title'), to: '/compute/offers' }, { label: t('compare.title') }]}
    >
      {offers.length === 0 ? (
        <EmptyState title={t('compare.none')} next={t('compare.next')} />
      ) : (
        <Section flush>
          <Table<Row>
            aria-label={t('compare.title')}
            size="middle"
            pagination={false}
            scroll={{ x: 'max-content' }}
            rowKey={(row) => row.key}
            dataSource={rows}
            columns={[
              { title: '', fixed: 'left', render: (_, row) => <strong>{row.label}</strong> },
              ...offers.map((offer) => ({
                title: <Link to={`/compute/offers/${offer.id}`}>{offer.title}</Link>,
                key: offer.id,
                render: (_: unknown, row: Row) => row.cell(offer),
              })),
            ]}
          />
        </Section>
      )}
      <Snippet sources={[{ label: 'CLI', code: `ceyuan compute compare ${ids.join(' ')}` }]} />
    </Page>
  )
}
