import { EditOutlined } from '@ant-design/icons'
import { Button, Table, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import { holds, useSession } from '@/app/session'
import { WorkflowPanel } from '@/features/workflow/WorkflowPanel'
import { useBilingual } from '@/lib/text'
import { Facts } from '@/ui/Facts'
import { ProblemView } from '@/ui/Feedback'
import { Decimal, DerivedPrice, Hash, Money, Percent, Stat, Stats, Time } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

import { OfferForm } from './OfferForm'
import { OfferState } from './OffersPage'
import { Units } from './Units'
import { useRegions, type Offer } from './words'

function Terms({ offer }: { offer: Offer }) {
  const { t } = useTranslation('compute')
  const text = useBilingual()
  const { name } = useRegions()
  return (
    <Section title={t('terms')}>
      <Facts
        columns={2}
        facts={[
          {
            label: t('partner'),
            value: <Link to={`/compute/partners/${offer.partner_id}`}>{text(offer, 'partner')}</Link>,
          },
          { label: t('site'), value: `${name(offer.region)} ${offer.city} · ${offer.site_name}` },
          { label: t('identifier.label'), value: offer.identifier && <Hash value={offer.identifier} length={60} /> },
          { label: t('identifier.external'), value: offer.external_identifier },
          { label: t('accelerator'), value: `${offer.accelerator_label} × ${offer.per_node} × ${offer.nodes}` },
          { label: t('link'), value: `${offer.link} ${offer.link_gb_s} GB/s` },
          { label: t('network'), value: `${offer.network} ${offer.network_gbps} Gbit/s` },
          { label: t('storage'), value: `${offer.storage_tb} TB` },
          { label: t('availability'), value: <Percent ratio={offer.availability_bp / 10_000} digits={2} /> },
          { label: t('standard'), value: offer.service_standard || null },
          { label: t('minimum'), value: `${offer.minimum_hours} h` },
          { label: 'PUE', value: offer.pue },
          { label: t('gridCarbon'), value: offer.carbon_g_kwh === null ? null : `${offer.carbon_g_kwh} g/kWh` },
          { label: t('uplink'), value: offer.uplink_gbps === null ? null : `${offer.uplink_gbps} Gbit/s` },
          { label: t('until'), value: <Time value={offer.usable_until} full /> },
          {
            label: t('bands'),
            value: offer.bands.length
              ? offer.bands.map((band) => (
                  <div key={band.from_hour}>
                    {band.from_hour}:00–{band.to_hour}:00 <Money micro={band.micro} />
                  </div>
                ))
              : null,
          },
          {
            label: t('support'),
            value: offer.support.length ? offer.support.map((each) => <Tag key={each}>{each}</Tag>) : null,
          },
        ]}
      />
    </Section>
  )
}

function Speeds({ offer }: { offer: Offer }) {
  const { t } = useTranslation('compute')
  return (
    <Section title={t('throughput')} note={t('throughputNote')} flush>
      <Table
        aria-label={t('throughput')}
        size="small"
        pagination={false}
        rowKey={(row) => [row.provenance, row.family, row.precision, row.unit].join()}
        dataSource={offer.throughput}
        columns={[
          { title: t('family'), dataIndex: 'family' },
          { title: t('precision'), dataIndex: 'precision' },
          {
            title: t('value'),
            align: 'right',
            render: (_, row) => (
              <>
                <Decimal value={row.value} digits={1} /> {row.unit}
              </>
            ),
          },
          { title: t('provenance.title'), render: (_, row) => t(`provenance.${row.provenance}`) },
          { title: t('source'), dataIndex: 'source' },
        ]}
      />
    </Section>
  )
}

function EvidenceTable({ offer }: { offer: Offer }) {
  const { t } = useTranslation('compute')
  return (
    <Section title={t('evidence')} note={t('evidenceNote')} flush>
      <Table
        aria-label={t('evidence')}
        size="small"
        pagination={false}
        rowKey={(row) => row.figure}
        dataSource={Object.entries(offer.evidence).map(([figure, value]) => ({ figure, ...value }))}
        columns={[
          { title: t('figure'), render: (_, row) => <code>{row.figure}</code> },
          {
            title: t('source'),
            render: (_, row) =>
              row.url ? (
                <a href={row.url} target="_blank" rel="noreferrer">
                  {row.source}
                </a>
              ) : (
                row.source
              ),
          },
          { title: t('until'), dataIndex: 'expires_on' },
        ]}
      />
    </Section>
  )
}

export function Component() {
  const { t } = useTranslation('compute')
  const session = useSession()
  const { offerId = '' } = useParams()
  const [editing, setEditing] = useState(false)
  const query = $api.useQuery('get', '/api/v1/compute/offers/{offer_id}', { params: { path: { offer_id: offerId } } })
  if (query.error) return <ProblemView page error={query.error} />
  const offer = query.data
  if (!offer) return <Loading />
  const editable = offer.state === 'applied' && holds(session, offer.org_id, 'maintainer')
  return (
    <Page
      title={offer.title}
      crumbs={[{ label: t('offers.title'), to: '/compute/offers' }, { label: offer.title }]}
      badges={
        <>
          <OfferState state={offer.state} />
          {offer.expired && <Tag color="warning">{t('expired')}</Tag>}
        </>
      }
      actions={
        editable && (
          <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>
            {t('form.change')}
          </Button>
        )
      }
    >
      <Stats>
        <Stat label={t('price')} value={<Money micro={offer.price_micro} />} note={t('perHour')} />
        <Stat label={t('listPrice')} value={<Money micro={offer.list_micro} />} />
        <Stat label={t('spotPrice')} value={<Money micro={offer.spot_micro} />} />
        <Stat label={t('count')} value={<Units offer={offer} />} />
        <Stat label={t('cardHour')} value={<DerivedPrice micro={offer.card_hour_micro} />} />
      </Stats>
      {offer.workflow_id && <WorkflowPanel instanceId={offer.workflow_id} onMoved={() => query.refetch()} />}
      <Terms offer={offer} />
      <Speeds offer={offer} />
      <EvidenceTable offer={offer} />
      <OfferForm
        open={editing}
        offer={offer}
        onClose={() => setEditing(false)}
        onSubmit={async (body) => {
          await api.PUT('/api/v1/compute/offers/{offer_id}', { params: { path: { offer_id: offer.id } }, body })
          await query.refetch()
        }}
      />
    </Page>
  )
}
