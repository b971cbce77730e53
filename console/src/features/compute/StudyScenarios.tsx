import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Collapse, Form, Input, InputNumber, Select } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { Section } from '@/ui/Page'

import { shown, type Fleet } from './scenarioValues'
import { blankScenario } from './study'
import { useRegions } from './words'

const WIDE = { width: '100%' }
const PLACINGS = ['platform', 'best_fit', 'cheapest', 'greenest', 'nearest'] as const

interface Choices {
  places: { value: string; label: string }[]
  targets: { value: string; label: string }[]
  links: { value: string; label: string }[]
  pairs: { value: string; label: string }[]
}

function useChoices(fleet: Fleet | undefined): Choices {
  const { name } = useRegions()
  return useMemo(() => {
    const places = (fleet?.places ?? []).map((place) => ({ value: place.name, label: place.name }))
    const regions = [...new Set((fleet?.places ?? []).map((place) => place.region).filter(Boolean))]
    const links = (fleet?.links ?? [])
      .filter((link) => link.from_region < link.to_region)
      .map((link) => ({
        value: `${link.from_region} – ${link.to_region}`,
        label: `${name(link.from_region)} – ${name(link.to_region)} (${link.gbps} Gb/s)`,
      }))
    const sorted = [...regions].sort()
    const pairs = sorted.flatMap((one, at) =>
      sorted.slice(at + 1).map((other) => ({ value: `${one} – ${other}`, label: `${name(one)} – ${name(other)}` })),
    )
    return { places, targets: [...regions.map((value) => ({ value, label: name(value) })), ...places], links, pairs }
  }, [fleet, name])
}

function Rows({
  title,
  field,
  name,
  blank,
  children,
}: {
  title: string
  field: number
  name: 'more' | 'prices' | 'carbon' | 'faster' | 'outages'
  blank: object
  children: (row: number) => React.ReactNode
}) {
  const { t } = useTranslation('twin')
  return (
    <Form.Item label={title}>
      <Form.List name={[field, name]}>
        {(rows, { add, remove }) => (
          <>
            {rows.map((row) => (
              <div key={row.key} style={{ display: 'flex', gap: 8, alignItems: 'start' }}>
                {children(row.name)}
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={t('removeScenario')}
                  onClick={() => remove(row.name)}
                />
              </div>
            ))}
            <Button size="small" icon={<PlusOutlined />} onClick={() => add(blank)}>
              {t('add')}
            </Button>
          </>
        )}
      </Form.List>
    </Form.Item>
  )
}

function Changes({ field, choices }: { field: number; choices: Choices }) {
  const { t } = useTranslation('twin')
  const item = (name: (string | number)[], control: React.ReactNode, grow = 1) => (
    <Form.Item name={name} rules={[{ required: true, message: '' }]} style={{ flex: grow, marginBottom: 8 }}>
      {control}
    </Form.Item>
  )
  const factors = (title: string, name: 'prices' | 'carbon', factor: number) => (
    <Rows title={title} field={field} name={name} blank={{ factor }}>
      {(row) => (
        <>
          {item([row, 'target'], <Select placeholder={t('target')} options={choices.targets} showSearch />, 3)}
          {item(
            [row, 'factor'],
            <InputNumber min={0.01} max={100} step={0.1} aria-label={t('factor')} prefix="×" style={WIDE} />,
            2,
          )}
        </>
      )}
    </Rows>
  )
  const isList = (_: unknown, text: string | undefined) => {
    if (!text?.trim()) return Promise.resolve()
    try {
      if (Array.isArray(JSON.parse(text))) return Promise.resolve()
    } catch {
      return Promise.reject(new Error(t('badQuotas')))
    }
    return Promise.reject(new Error(t('badQuotas')))
  }
  return (
    <div className="grid-2">
      <Rows title={t('moreNodes')} field={field} name="more" blank={{ count: 1 }}>
        {(row) => (
          <>
            {item([row, 'place'], <Select placeholder={t('place')} options={choices.places} showSearch />, 3)}
            {item(
              [row, 'count'],
              <InputNumber min={1} max={1000} aria-label={t('count')} suffix={t('count')} style={WIDE} />,
              2,
            )}
          </>
        )}
      </Rows>
      {factors(t('prices'), 'prices', 1.2)}
      <Form.Item name={[field, 'without']} label={t('without')}>
        <Select mode="multiple" options={choices.places} />
      </Form.Item>
      <Form.Item name={[field, 'cut']} label={t('cut')}>
        <Select mode="multiple" options={choices.links} disabled={choices.links.length === 0} />
      </Form.Item>
      <Rows title={t('faster')} field={field} name="faster" blank={{ gbps: 100 }}>
        {(row) => (
          <>
            {item([row, 'pair'], <Select placeholder={t('link')} options={choices.pairs} showSearch />, 3)}
            {item(
              [row, 'gbps'],
              <InputNumber min={0.001} max={100_000} aria-label={t('speed')} suffix="Gb/s" style={WIDE} />,
              2,
            )}
          </>
        )}
      </Rows>
      {factors(t('carbons'), 'carbon', 0.8)}
      <Rows title={t('outages')} field={field} name="outages" blank={{ from_h: 24, to_h: 48 }}>
        {(row) => (
          <>
            {item([row, 'place'], <Select placeholder={t('place')} options={choices.places} showSearch />, 2)}
            {item(
              [row, 'from_h'],
              <InputNumber min={0} max={10000} aria-label={t('from')} prefix={t('from')} style={WIDE} />,
              2,
            )}
            {item(
              [row, 'to_h'],
              <InputNumber min={0} max={10000} aria-label={t('to')} prefix={t('to')} style={WIDE} />,
              2,
            )}
          </>
        )}
      </Rows>
      <Form.Item name={[field, 'shares']} label={t('quotas')} extra={t('quotasNote')} rules={[{ validator: isList }]}>
        <Input.TextArea className="mono" autoSize={{ minRows: 2 }} />
      </Form.Item>
    </div>
  )
}

/** The scenarios of a study, each with what it changes. */
export function Scenarios({ fleet }: { fleet: Fleet | undefined }) {
  const { t } = useTranslation('twin')
  const choices = useChoices(fleet)
  return (
    <Form.List name="scenarios">
      {(rows, { add, remove }) => (
        <>
          {rows.map((row, at) => (
            <Section
              key={row.key}
              title={t('scenario', { number: at + 1 })}
              {...(at === 0 ? { note: t('changes_needed') } : {})}
              extra={rows.length > 1 && <Button onClick={() => remove(row.name)}>{t('removeScenario')}</Button>}
            >
              <div className="grid-2">
                <Form.Item name={[row.name, 'name']} label={t('name')} rules={[{ required: true }]}>
                  <Input maxLength={80} />
                </Form.Item>
                <Form.Item name={[row.name, 'load']} label={t('loadFactor')} rules={[{ required: true }]}>
                  <InputNumber min={0.01} max={20} step={0.1} prefix="×" style={WIDE} />
                </Form.Item>
                <Form.Item name={[row.name, 'placing']} label={t('placing')} required>
                  <Select options={PLACINGS.map((value) => ({ value, label: t(`placings.${value}`) }))} />
                </Form.Item>
                <Form.Item name={[row.name, 'order']} label={t('order')} required>
                  <Select
                    options={(['fair', 'arrival'] as const).map((value) => ({ value, label: t(`orders.${value}`) }))}
                  />
                </Form.Item>
              </div>
              <Collapse
                ghost
                items={[
                  {
                    key: 'more',
                    label: t('changes'),
                    forceRender: true,
                    children: <Changes field={row.name} choices={choices} />,
                  },
                ]}
              />
            </Section>
          ))}
          {rows.length < 12 && (
            <Button
              icon={<PlusOutlined />}
              onClick={() => add(shown(blankScenario(t('scenario', { number: rows.length + 1 }))))}
            >
              {t('addScenario')}
            </Button>
          )}
        </>
      )}
    </Form.List>
  )
}
