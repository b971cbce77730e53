import { Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api } from '@/api/client'

export interface PoolValues {
  server: 'vllm' | 'sglang' | 'command'
  pool?: string
  cpus: number
  memory_gib: number
  accelerator: string
  accelerators: number
  environment?: string
  arguments_text?: string
  command_text?: string
  concurrency: number
}

export const POOL_START: PoolValues = {
  server: 'vllm',
  cpus: 8,
  memory_gib: 64,
  accelerator: 'cpu',
  accelerators: 0,
  concurrency: 64,
}

const lines = (text?: string) =>
  (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

/** What the form holds, as the API takes it: arguments and command are written one on a line. */
export function poolBody({ server, arguments_text, command_text, environment, pool, ...resources }: PoolValues) {
  const pairs = lines(arguments_text).map((line) => {
    const [name = '', ...value] = line.replace(/^--/, '').split('=')
    return [name.trim(), value.length > 0 ? value.join('=').trim() : 'true']
  })
  const cpuOnly = resources.accelerator === 'cpu'
  return {
    ...resources,
    accelerators: cpuOnly ? 0 : Math.max(1, resources.accelerators),
    engine: server,
    pool: pool ?? '',
    environment: environment ?? '',
    arguments: server === 'command' ? {} : (Object.fromEntries(pairs) as Record<string, string>),
    command: server === 'command' ? lines(command_text) : [],
  }
}

/** How replicas run in a pool. */
export function PoolFields() {
  const { t } = useTranslation('gateway')
  const { data: pools } = $api.useQuery('get', '/api/v1/compute/executor-pools', {})
  const { data: kinds } = $api.useQuery('get', '/api/v1/compute/accelerators', {}, { staleTime: Infinity })
  return (
    <>
      <div className="row">
        <Form.Item name="pool" label={t('deploy.pool')} extra={t('deploy.account')} rules={[{ required: true }]}>
          <Select
            style={{ minWidth: 180 }}
            options={(pools?.items ?? []).map((pool) => ({ value: pool.name, label: pool.name }))}
          />
        </Form.Item>
        <Form.Item name="server" label={t('deploy.server')}>
          <Select
            style={{ minWidth: 140 }}
            options={(['vllm', 'sglang', 'command'] as const).map((value) => ({
              value,
              label: t(`deploy.serverName.${value}`),
            }))}
          />
        </Form.Item>
      </div>
      <div className="row">
        <Form.Item name="cpus" label={t('deploy.cpus')}>
          <InputNumber min={1} max={4096} precision={0} />
        </Form.Item>
        <Form.Item name="memory_gib" label={t('deploy.memoryGib')}>
          <InputNumber min={0.5} max={65536} />
        </Form.Item>
        <Form.Item name="accelerator" label={t('deploy.accelerator')}>
          <Select
            showSearch
            style={{ minWidth: 180 }}
            options={[{ value: 'cpu' }, ...(kinds ?? []).map((kind) => ({ value: kind.name }))]}
          />
        </Form.Item>
        <Form.Item name="accelerators" label={t('deploy.accelerators')}>
          <InputNumber min={0} max={1024} precision={0} />
        </Form.Item>
        <Form.Item name="concurrency" label={t('deploy.concurrency')} extra={t('deploy.concurrencyNote')}>
          <InputNumber min={1} max={100_000} precision={0} />
        </Form.Item>
      </div>
      <Form.Item name="environment" label={t('deploy.environment')} extra={t('deploy.environmentNote')}>
        <Input placeholder="/opt/vllm" maxLength={300} />
      </Form.Item>
      <Form.Item noStyle shouldUpdate>
        {({ getFieldValue }) =>
          getFieldValue('server') === 'command' ? (
            <Form.Item name="command_text" label={t('deploy.command')} extra={t('deploy.commandNote')}>
              <Input.TextArea rows={5} className="mono" />
            </Form.Item>
          ) : (
            <Form.Item name="arguments_text" label={t('deploy.arguments')} extra={t('deploy.argumentsNote')}>
              <Input.TextArea rows={3} className="mono" placeholder="max-model-len=8192" />
            </Form.Item>
          )
        }
      </Form.Item>
    </>
  )
}
