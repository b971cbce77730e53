import { Button, Form, Input, InputNumber, Radio, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Got } from '@/api/types'
import { useBilingual } from '@/lib/text'
import { Decimal, Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Section } from '@/ui/Page'

type Instance = Got<'/api/v1/workflows/instances/{instance_id}'>
type Seat = Got<'/api/v1/workflows/instances/{instance_id}/reviewers'>['seats'][number]
type Rule = NonNullable<Got<'/api/v1/workflows/definitions/{name}'>['states'][number]['review']>

const BASE = '/api/v1/workflows/instances/{instance_id}'
const VOTES = ['approve', 'reject', 'abstain'] as const

interface Ballot {
  vote?: (typeof VOTES)[number]
  scores?: Record<string, number>
  comment?: string
}

function BallotFields({ rule }: { rule: Rule }) {
  const { t } = useTranslation('workflow')
  const text = useBilingual()
  return (
    <>
      {rule.ballot === 'vote' ? (
        <Form.Item name="vote" label={t('review.vote')} rules={[{ required: true }]}>
          <Radio.Group options={VOTES.map((vote) => ({ value: vote, label: t(`review.${vote}`) }))} />
        </Form.Item>
      ) : (
        rule.criteria.map((criterion) => (
          <Form.Item
            key={criterion.name}
            name={['scores', criterion.name]}
            label={`${text(criterion, 'label')} (0–${criterion.most})`}
            rules={[{ required: true }]}
          >
            <InputNumber min={0} max={criterion.most} style={{ width: '100%' }} />
          </Form.Item>
        ))
      )}
      <Form.Item name="comment" label={t('review.comment')}>
        <Input.TextArea maxLength={5000} autoSize={{ minRows: 3 }} />
      </Form.Item>
    </>
  )
}

function Seats({ seats }: { seats: Seat[] }) {
  const { t } = useTranslation('workflow')
  return (
    <Table<Seat>
      size="small"
      rowKey="person_id"
      pagination={false}
      dataSource={seats}
      columns={[
        { title: t('review.reviewer'), dataIndex: 'label' },
        { title: t('review.assigned'), render: (_, seat) => <Time value={seat.assigned_at} /> },
        {
          title: t('review.ballot'),
          render: (_, seat) =>
            seat.recused_at
              ? t('review.recused', { reason: seat.recusal ?? '' })
              : seat.vote
                ? t(`review.${seat.vote}`)
                : seat.scores
                  ? Object.entries(seat.scores)
                      .map(([name, points]) => `${name} ${points}`)
                      .join(' · ')
                  : t('review.waiting'),
        },
        { title: t('review.comment'), render: (_, seat) => seat.comment },
      ]}
    />
  )
}

/** The reviewers of a case and their ballots; a reviewer casts theirs or steps aside. */
export function Reviews({ instance, onCast }: { instance: Instance; onCast: () => unknown }) {
  const { t } = useTranslation('workflow')
  const [dialogue, setDialogue] = useState<'ballot' | 'recuse' | 'seat' | null>(null)
  const params = { path: { instance_id: instance.id } }
  const diagram = $api.useQuery('get', `${BASE}/diagram`, { params }, { staleTime: Infinity })
  const rule = diagram.data?.states.find((state) => state.name === instance.state)?.review
  const seats = $api.useQuery('get', `${BASE}/reviewers`, { params })
  if (!rule && !seats.data?.seats.length) return null
  const after = async () => {
    await seats.refetch()
    await onCast()
  }
  const cast = async ({ vote, scores, comment }: Ballot) => {
    await api.PUT(`${BASE}/ballot`, {
      params,
      body: { vote: vote ?? null, scores: scores ?? null, comment: comment || null },
    })
    await after()
  }
  return (
    <Section
      title={t('review.title')}
      note={
        instance.outcome && (
          <>
            {t('review.outcome', {
              cast: instance.outcome.cast,
              seats: instance.outcome.seats,
              quorum: instance.outcome.quorum,
            })}{' '}
            <Decimal value={instance.outcome.score} digits={2} />
          </>
        )
      }
      extra={
        <>
          {instance.is_staff && rule && <Button onClick={() => setDialogue('seat')}>{t('review.seat')}</Button>}
          {instance.owes_ballot && <Button onClick={() => setDialogue('recuse')}>{t('review.recuse')}</Button>}
          {instance.owes_ballot && (
            <Button type="primary" onClick={() => setDialogue('ballot')}>
              {t('review.cast')}
            </Button>
          )}
        </>
      }
    >
      <Seats seats={seats.data?.seats ?? []} />
      {rule && (
        <FormModal<Ballot>
          open={dialogue === 'ballot'}
          title={t('review.cast')}
          submit={t('review.cast')}
          onSubmit={cast}
          onClose={() => setDialogue(null)}
        >
          <BallotFields rule={rule} />
        </FormModal>
      )}
      <FormModal<{ reason: string }>
        open={dialogue === 'recuse'}
        title={t('review.recuse')}
        note={t('review.recuseNote')}
        submit={t('review.recuse')}
        onSubmit={async (body) => {
          await api.POST(`${BASE}/recusal`, { params, body })
          await after()
        }}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="reason" label={t('review.reason')} rules={[{ required: true }]}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 3 }} />
        </Form.Item>
      </FormModal>
      <FormModal<{ people?: string[] }>
        open={dialogue === 'seat'}
        title={t('review.seat')}
        note={t('review.seatNote')}
        submit={t('review.seat')}
        onSubmit={async ({ people }) => {
          await api.POST(`${BASE}/reviewers`, { params, body: { people: people ?? [] } })
          await after()
        }}
        onClose={() => setDialogue(null)}
      >
        <Form.Item name="people" label={t('review.people')}>
          <Select mode="tags" open={false} suffixIcon={null} />
        </Form.Item>
      </FormModal>
    </Section>
  )
}
