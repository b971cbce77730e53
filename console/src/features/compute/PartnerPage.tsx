import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import type { Item } from '@/api/types'
import { holds, serves, useSession } from '@/app/session'
import { WorkflowPanel } from '@/features/workflow/WorkflowPanel'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { Facts } from '@/ui/Facts'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Count, Decimal, Money } from '@/ui/Figures'
import { Loading } from '@/ui/Loading'
import { Page, Section } from '@/ui/Page'

import { OfferForm } from './OfferForm'
import { OfferState } from './OffersPage'
import { NewPool, NewSite } from './SupplyForms'
import { useRegions, type Offer } from './words'

type Site = Item<'/api/v1/compute/sites'>
type Pool = Item<'/api/v1/compute/pools'>

interface Own {
  mine: boolean
}

function Sites({ partnerId, mine }: Own & { partnerId: string }) {
  const { t } = useTranslation('compute')
  const { name } = useRegions()
  const [adding, setAdding] = useState(false)
  const [opened, setOpened] = useState<Site | null>(null)
  const query = $api.useQuery('get', '/api/v1/compute/sites', {
    params: { query: { partner_id: partnerId, limit: 100 } },
  })
  const columns: Column<Site>[] = [
    { title: t('site'), render: (_, row) => <strong>{row.name}</strong> },
    { title: t('region'), render: (_, row) => `${name(row.region)} ${row.city}` },
    { title: 'PUE', align: 'right', render: (_, row) => <Decimal value={row.pue} digits={2} /> },
    { title: t('gridCarbon'), align: 'right', render: (_, row) => <Decimal value={row.carbon_g_kwh} digits={0} /> },
    { title: t('uplink'), align: 'right', render: (_, row) => <Decimal value={row.uplink_gbps} digits={0} /> },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        mine && (
          <Button size="small" onClick={() => setOpened(row)}>
            {t('form.pool')}
          </Button>
        ),
    },
  ]
  const button = mine && (
    <Button icon={<PlusOutlined />} onClick={() => setAdding(true)}>
      {t('form.site')}
    </Button>
  )
  return (
    <Section title={t('sites')} extra={button} flush>
      <DataTable
        bare
        label={t('sites')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        expand={(row) => <Pools site={row} mine={mine} />}
        empty={<EmptyState title={t('noSites')} next={t('noSitesNext')} />}
      />
      <NewSite partnerId={partnerId} open={adding} onClose={() => setAdding(false)} onDone={() => query.refetch()} />
      <NewPool site={opened} onClose={() => setOpened(null)} />
    </Section>
  )
}

function Pools({ site, mine }: Own & { site: Site }) {
  const { t } = useTranslation('compute')
  const navigate = useNavigate()
  const [offered, setOffered] = useState<Pool | null>(null)
  const query = $api.useQuery('get', '/api/v1/compute/pools', { params: { query: { site_id: site.id, limit: 100 } } })
  const columns: Column<Pool>[] = [
    { title: t('pool'), render: (_, row) => row.name },
    { title: t('accelerator'), render: (_, row) => row.accelerator },
    { title: t('count'), align: 'right', render: (_, row) => <Count value={row.nodes * row.per_node} /> },
    { title: t('network'), render: (_, row) => `${row.network} ${row.network_gbps} Gbit/s` },
    {
      title: '',
      align: 'right',
      render: (_, row) =>
        mine && (
          <Button size="small" type="primary" onClick={() => setOffered(row)}>
            {t('form.offer')}
          </Button>
        ),
    },
  ]
  return (
    <>
      <DataTable
        bare
        label={t('pools')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('noPools')} next={t('noPoolsNext')} />}
      />
      <OfferForm
        open={offered !== null}
        onClose={() => setOffered(null)}
        onSubmit={async (terms) => {
          const { data } = await api.POST('/api/v1/compute/offers', { body: { ...terms, pool_id: offered?.id ?? '' } })
          if (data) void navigate(`/compute/offers/${data.id}`)
        }}
      />
    </>
  )
}

function Offers({ orgId }: { orgId: string }) {
  const { t } = useTranslation('compute')
  const { name } = useRegions()
  const query = $api.useQuery('get', '/api/v1/compute/offers', { params: { query: { org_id: orgId, limit: 100 } } })
  const columns: Column<Offer>[] = [
    { title: t('offer'), render: (_, row) => <Link to={`/compute/offers/${row.id}`}>{row.title}</Link> },
    { title: t('accelerator'), render: (_, row) => row.accelerator_label },
    { title: t('region'), render: (_, row) => name(row.region) },
    { title: t('count'), align: 'right', render: (_, row) => <Count value={row.accelerators} /> },
    { title: t('price'), align: 'right', render: (_, row) => <Money micro={row.price_micro} /> },
    { title: t('state.title'), render: (_, row) => <OfferState state={row.state} /> },
  ]
  return (
    <Section title={t('offers.title')} flush>
      <DataTable
        bare
        label={t('offers.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        empty={<EmptyState title={t('noOffers')} next={t('noOffersNext')} />}
      />
    </Section>
  )
}

export function Component() {
  const { t } = useTranslation('compute')
  const text = useBilingual()
  const session = useSession()
  const { partnerId = '' } = useParams()
  const query = $api.useQuery('get', '/api/v1/compute/partners/{partner_id}', {
    params: { path: { partner_id: partnerId } },
  })
  if (query.error) return <ProblemView page error={query.error} />
  const partner = query.data
  if (!partner) return <Loading />
  const mine = holds(session, partner.org_id, 'maintainer')
  return (
    <Page
      title={text(partner, 'name')}
      crumbs={[{ label: t('partners.title'), to: '/compute/partners' }, { label: text(partner, 'name') }]}
      badges={<OfferState state={partner.state} />}
    >
      {partner.workflow_id && <WorkflowPanel instanceId={partner.workflow_id} onMoved={() => query.refetch()} />}
      <Section title={t('about')}>
        <Facts
          facts={[
            { label: t('about'), value: partner.about || null },
            { label: t('contact'), value: partner.contact },
            { label: t('website'), value: partner.website },
          ]}
        />
      </Section>
      {(mine || serves(session, 'programme_officer', 'regulator')) && <Sites partnerId={partner.id} mine={mine} />}
      <Offers orgId={partner.org_id} />
    </Page>
  )
}
