import { Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { FormModal } from '@/ui/FormModal'

import { useRegions } from './words'

type Pool = Got<'/api/v1/compute/executor-pools/{pool_id}'>

interface Opened {
  pool: Pool
  open: boolean
  onClose: () => void
  onDone: () => void
}

/** Which offer of the catalogue the pool delivers: its use is charged by that offer's prices. */
export function OfferOfPool({ pool, open, onClose, onDone }: Opened) {
  const { t } = useTranslation('tasks')
  const { data } = $api.useQuery(
    'get',
    '/api/v1/compute/offers',
    { params: { query: { limit: 200, region: pool.region || undefined } } },
    { enabled: open },
  )
  const usable = (data?.items ?? []).filter((offer) => ['live', 'degraded'].includes(offer.state) && !offer.expired)
  const set = async (values: { offer?: string }) => {
    await api.PUT('/api/v1/compute/executor-pools/{pool_id}/offer', {
      params: { path: { pool_id: pool.id } },
      body: { offer: values.offer ?? null },
    })
    onDone()
  }
  return (
    <FormModal<{ offer?: string }>
      open={open}
      title={t('pools.offer')}
      note={t('pools.offerNote')}
      submit={t('pools.save')}
      initial={pool.offer_id ? { offer: pool.offer_id } : {}}
      onSubmit={set}
      onClose={onClose}
    >
      <Form.Item name="offer" label={t('pools.offer')}>
        <Select
          allowClear
          placeholder={t('pools.offerNone')}
          options={usable.map((offer) => ({
            value: offer.id,
            label: `${offer.title} · ${offer.accelerator_label} · ${offer.identifier ?? offer.id}`,
          }))}
        />
      </Form.Item>
    </FormModal>
  )
}

/** Where the pool lies: tasks bound to regions, the choice of sites, overview and twin go by it. */
export function RegionOfPool({ pool, open, onClose, onDone }: Opened) {
  const { t } = useTranslation('tasks')
  const { regions, name } = useRegions()
  const set = async (values: { region?: string }) => {
    await api.PUT('/api/v1/compute/executor-pools/{pool_id}/region', {
      params: { path: { pool_id: pool.id } },
      body: { region: values.region ?? '' },
    })
    onDone()
  }
  return (
    <FormModal<{ region?: string }>
      open={open}
      title={t('pools.region')}
      note={t('pools.regionNote')}
      submit={t('pools.save')}
      initial={pool.region ? { region: pool.region } : {}}
      onSubmit={set}
      onClose={onClose}
    >
      <Form.Item name="region" label={t('pools.region')}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: 'label' }}
          placeholder={t('pools.regionNone')}
          options={regions.map((region) => ({ value: region.name, label: name(region.name) }))}
        />
      </Form.Item>
    </FormModal>
  )
}

interface Credential {
  secret: string
  host_key?: string
}

/** Another credential: the token of a cluster's service, or the private key of a host. It is tried before it is kept. */
export function NewCredential({
  pool,
  node,
  onClose,
  onDone,
}: {
  pool: Pool
  /** The host; null for the pool's own, undefined while nothing is asked for. */
  node: Pool['nodes'][number] | null | undefined
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation('tasks')
  const replace = async (values: Credential) => {
    if (node)
      await api.PUT('/api/v1/compute/executor-pools/{pool_id}/hosts/{node_id}/key', {
        params: { path: { pool_id: pool.id, node_id: node.id } },
        body: { private_key: values.secret, host_key: values.host_key ?? '' },
      })
    else
      await api.PUT('/api/v1/compute/executor-pools/{pool_id}/secret', {
        params: { path: { pool_id: pool.id } },
        body: { secret: values.secret.trim() },
      })
    onDone()
  }
  const title = t(node ? 'pools.newKey' : 'pools.newSecret')
  return (
    <FormModal<Credential>
      open={node !== undefined}
      width={640}
      title={node ? `${title}: ${node.name}` : title}
      submit={t('pools.tryAndKeep')}
      onSubmit={replace}
      onClose={onClose}
    >
      <Form.Item
        name="secret"
        label={t(node ? 'pools.privateKey' : 'pools.secret')}
        extra={t(node ? 'pools.privateKeyNote' : 'pools.secretNote')}
        rules={[{ required: true }]}
      >
        <Input.TextArea
          autoFocus
          className="mono"
          maxLength={20_000}
          autoSize={{ minRows: 3, maxRows: 6 }}
          autoComplete="off"
        />
      </Form.Item>
      {node && (
        <Form.Item name="host_key" label={t('pools.hostKey')} extra={t('pools.hostKeySame')}>
          <Input.TextArea className="mono" maxLength={2000} autoSize={{ minRows: 2 }} />
        </Form.Item>
      )}
    </FormModal>
  )
}
