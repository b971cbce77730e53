import { Alert, Button, Form, InputNumber, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { api } from '@/api/client'
import type { Posted } from '@/api/types'
import { usePreferences } from '@/app/preferences'
import { useBilingual } from '@/lib/text'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { Decimal, DerivedPrice } from '@/ui/Figures'
import { MoneyInput } from '@/ui/MoneyInput'
import { Page, Section } from '@/ui/Page'
import { Snippet } from '@/ui/Snippet'
import { Status } from '@/ui/Status'

import { PlanView } from './PlanView'
import { useAccelerators, useRegions } from './words'

export type Answer = Posted<'/api/v1/compute/plans'>
type Fit = Answer['offers'][number]

interface Values {
  billions: number
  active?: number | null
  tokens: number
  days: number
  precision: string
  sequence: number
  accelerator: string
  region?: string
  budget_micro?: number | null
}

function Goal({ busy, onPlan }: { busy: boolean; onPlan: (values: Values) => void }) {
  const { t } = useTranslation('compute')
  const accelerators = useAccelerators()
  const { regions, name } = useRegions()
  const wide = { width: '100%' }
  return (
    <Form<Values>
      layout="vertical"
      requiredMark="optional"
      initialValues={{
        billions: 100,
        tokens: 2,
        days: 60,
        precision: 'bf16',
        sequence: 4096,
        accelerator: 'ascend910b',
      }}
      onFinish={onPlan}
    >
      <div className="grid-2">
        <Form.Item name="billions" label={t('plan.parameters')} rules={[{ required: true }]}>
          <InputNumber min={0.001} suffix={t('plan.billion')} style={wide} />
        </Form.Item>
        <Form.Item name="active" label={t('plan.active')}>
          <InputNumber min={0.001} suffix={t('plan.billion')} style={wide} />
        </Form.Item>
        <Form.Item name="tokens" label={t('plan.tokens')} rules={[{ required: true }]}>
          <InputNumber min={0.000001} suffix={t('plan.trillion')} style={wide} />
        </Form.Item>
        <Form.Item name="days" label={t('plan.days')} rules={[{ required: true }]}>
          <InputNumber min={0.01} style={wide} />
        </Form.Item>
        <Form.Item name="precision" label={t('precision')}>
          <Select options={['bf16', 'fp16', 'fp8', 'tf32', 'fp32'].map((value) => ({ value }))} />
        </Form.Item>
        <Form.Item name="sequence" label={t('plan.sequence')}>
          <InputNumber min={128} precision={0} style={wide} />
        </Form.Item>
        <Form.Item name="accelerator" label={t('plan.chip')}>
          <Select
            showSearch
            optionFilterProp="label"
            options={accelerators
              .filter((each) => each.name !== 'cpu')
              .map((each) => ({ value: each.name, label: each.label }))}
          />
        </Form.Item>
        <Form.Item name="region" label={t('region')}>
          <Select allowClear options={regions.map((each) => ({ value: each.name, label: name(each.name) }))} />
        </Form.Item>
        <Form.Item name="budget_micro" label={t('plan.budget')}>
          <MoneyInput />
        </Form.Item>
      </div>
      <Button type="primary" htmlType="submit" loading={busy}>
        {t('plan.submit')}
      </Button>
    </Form>
  )
}

function Fits({ fits }: { fits: Fit[] }) {
  const { t } = useTranslation('compute')
  const { language } = usePreferences()
  const text = useBilingual()
  const { name } = useRegions()
  return (
    <Section title={t('plan.offers')} note={t('plan.offersNote')} flush>
      <Table<Fit>
        aria-label={t('plan.offers')}
        size="middle"
        pagination={false}
        scroll={{ x: 'max-content' }}
        rowKey={(fit) => fit.offer_id}
        dataSource={fits}
        locale={{ emptyText: <EmptyState title={t('plan.noOffers')} next={t('plan.noOffersNext')} /> }}
        expandable={{
          expandedRowRender: (fit) => fit.plan && <PlanView plan={fit.plan} />,
          rowExpandable: (fit) => fit.plan !== null,
        }}
        columns={[
          {
            title: t('offer'),
            render: (_, fit) => (
              <div>
                <Link to={`/compute/offers/${fit.offer_id}`}>{fit.title}</Link>
                <div className="faint">
                  {text(fit, 'partner')} · {name(fit.region)} · {fit.accelerator_label}
                </div>
              </div>
            ),
          },
          {
            title: t('plan.verdict'),
            render: (_, fit) => (
              <div style={{ maxWidth: 360 }}>
                <Status
                  value={fit.fits ? 'ok' : 'refused'}
                  tone={fit.fits ? 'good' : 'bad'}
                  label={fit.fits ? t('plan.can') : t('plan.cannot')}
                />
                {fit.reasons.map((reason) => (
                  <div key={reason.code} className="faint">
                    {reason[language]}
                    {typeof reason.nearest['deadline_hours'] === 'number' &&
                      t('plan.wouldDo', { days: (reason.nearest['deadline_hours'] / 24).toFixed(1) })}
                  </div>
                ))}
              </div>
            ),
          },
          { title: t('nodes'), align: 'right', render: (_, fit) => <Decimal value={fit.plan?.nodes} digits={0} /> },
          {
            title: t('plan.duration'),
            align: 'right',
            render: (_, fit) => <Decimal value={fit.plan && fit.plan.total_hours / 24} digits={1} />,
          },
          { title: t('plan.price'), align: 'right', render: (_, fit) => <DerivedPrice micro={fit.price_micro} /> },
          {
            title: t('plan.energy'),
            align: 'right',
            render: (_, fit) => <Decimal value={fit.energy_kwh && fit.energy_kwh / 1000} digits={1} />,
          },
          {
            title: t('plan.carbon'),
            align: 'right',
            render: (_, fit) => <Decimal value={fit.carbon_kg && fit.carbon_kg / 1000} digits={1} />,
          },
          {
            title: t('plan.transfer'),
            align: 'right',
            render: (_, fit) => <Decimal value={fit.corpus_transfer_hours} digits={1} />,
          },
        ]}
      />
    </Section>
  )
}

export function Component() {
  const { t } = useTranslation('compute')
  const { language } = usePreferences()
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const [asked, setAsked] = useState<Values | null>(null)
  const plan = async (values: Values) => {
    setBusy(true)
    setError(null)
    setAsked(values)
    try {
      const { data } = await api.POST('/api/v1/compute/plans', {
        body: {
          parameters: values.billions * 1e9,
          active_parameters: values.active ? values.active * 1e9 : null,
          tokens: values.tokens * 1e12,
          deadline_hours: values.days * 24,
          precision: values.precision,
          sequence: values.sequence,
          batch_tokens: 0,
          accelerator: values.accelerator,
          per_node: 8,
          network_gbps: 3200,
          region: values.region ?? null,
          budget_micro: values.budget_micro ?? null,
        },
      })
      setAnswer(data ?? null)
    } catch (problem) {
      setAnswer(null)
      setError(problem)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Page title={t('plan.title')} description={t('plan.description')}>
      <Section title={t('plan.goal')}>
        <Goal busy={busy} onPlan={(values) => void plan(values)} />
      </Section>
      {error !== null && <ProblemView error={error} />}
      {answer && (
        <>
          <Section title={t('plan.reference')} note={t('plan.flops', { flops: answer.flops.toExponential(2) })}>
            {answer.refusal && <Alert type="warning" title={answer.refusal[language]} />}
            {answer.plan && <PlanView plan={answer.plan} />}
          </Section>
          <Fits fits={answer.offers} />
        </>
      )}
      {asked && (
        <Snippet
          sources={[
            {
              label: 'CLI',
              code: `ceyuan compute plan --parameters ${asked.billions * 1e9} --tokens ${asked.tokens * 1e12} --days ${asked.days} --accelerator ${asked.accelerator}`,
            },
          ]}
        />
      )}
    </Page>
  )
}
