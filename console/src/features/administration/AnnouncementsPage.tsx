import { PlusOutlined } from '@ant-design/icons'
import { Button, DatePicker, Form, Input, Popconfirm, Select } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import type { Item, Sent } from '@/api/types'
import { useListState } from '@/lib/listState'
import { useBilingual } from '@/lib/text'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Feedback'
import { Time } from '@/ui/Figures'
import { FormModal } from '@/ui/FormModal'
import { Page } from '@/ui/Page'
import { Status, type Tone } from '@/ui/Status'

type Announcement = Item<'/api/v1/admin/announcements'>
type Body = Sent<'/api/v1/admin/announcements'>

interface Values extends Omit<Body, 'starts_at' | 'ends_at'> {
  window?: [Dayjs | null, Dayjs | null]
}

const LEVELS = ['info', 'success', 'warning', 'error'] as const
const TONES: Record<Announcement['level'], Tone> = { info: 'active', success: 'good', warning: 'warn', error: 'bad' }

function Fields() {
  const { t } = useTranslation('administration')
  return (
    <>
      {(['zh', 'en'] as const).map((language) => (
        <div key={language}>
          <Form.Item
            name={`title_${language}`}
            label={t(`announcements.title_${language}`)}
            rules={[{ required: true }]}
          >
            <Input maxLength={200} />
          </Form.Item>
          <Form.Item name={`body_${language}`} label={t(`announcements.body_${language}`)}>
            <Input.TextArea maxLength={4000} autoSize={{ minRows: 2, maxRows: 6 }} />
          </Form.Item>
        </div>
      ))}
      <Form.Item name="level" label={t('announcements.level')}>
        <Select options={LEVELS.map((level) => ({ value: level, label: t(`announcements.levels.${level}`) }))} />
      </Form.Item>
      <Form.Item name="audience" label={t('announcements.audience')} extra={t('announcements.audienceNote')}>
        <Input maxLength={60} />
      </Form.Item>
      <Form.Item name="window" label={t('announcements.window')} extra={t('announcements.windowNote')}>
        <DatePicker.RangePicker
          showTime={{ format: 'HH:mm' }}
          format="YYYY-MM-DD HH:mm"
          allowEmpty={[true, true]}
          style={{ width: '100%' }}
        />
      </Form.Item>
    </>
  )
}

export function Component() {
  const { t } = useTranslation('administration')
  const { t: common } = useTranslation()
  const text = useBilingual()
  const list = useListState([])
  const [edited, setEdited] = useState<Announcement | 'new' | null>(null)
  const query = $api.useQuery('get', '/api/v1/admin/announcements', {
    params: { query: { cursor: list.cursor ?? undefined, limit: 30 } },
  })
  const save = async ({ window, ...values }: Values) => {
    const body: Body = {
      ...values,
      body_zh: values.body_zh ?? '',
      body_en: values.body_en ?? '',
      starts_at: window?.[0]?.toISOString() ?? null,
      ends_at: window?.[1]?.toISOString() ?? null,
    }
    if (edited === 'new') await api.POST('/api/v1/admin/announcements', { body })
    else if (edited)
      await api.PATCH('/api/v1/admin/announcements/{announcement_id}', {
        params: { path: { announcement_id: edited.id } },
        body,
      })
    await query.refetch()
  }
  const remove = async (id: string) => {
    await api.DELETE('/api/v1/admin/announcements/{announcement_id}', { params: { path: { announcement_id: id } } })
    await query.refetch()
  }
  const initial: Partial<Values> =
    edited && edited !== 'new'
      ? { ...edited, window: [dayjs(edited.starts_at), edited.ends_at ? dayjs(edited.ends_at) : null] }
      : { level: 'info', audience: 'everyone' }
  const columns: Column<Announcement>[] = [
    { title: t('announcements.what'), render: (_, row) => <strong>{text(row, 'title')}</strong> },
    {
      title: t('announcements.level'),
      render: (_, row) => (
        <Status value={row.level} tone={TONES[row.level]} label={t(`announcements.levels.${row.level}`)} />
      ),
    },
    { title: t('announcements.audience'), render: (_, row) => <code>{row.audience}</code> },
    { title: t('announcements.from'), render: (_, row) => <Time value={row.starts_at} full /> },
    { title: t('announcements.until'), render: (_, row) => (row.ends_at ? <Time value={row.ends_at} full /> : '—') },
    {
      title: '',
      align: 'right',
      render: (_, row) => (
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          <Button size="small" onClick={() => setEdited(row)}>
            {common('edit')}
          </Button>
          <Popconfirm title={t('announcements.removeAsk')} onConfirm={() => void remove(row.id)}>
            <Button size="small" danger>
              {common('delete')}
            </Button>
          </Popconfirm>
        </span>
      ),
    },
  ]
  const button = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited('new')}>
      {t('announcements.new')}
    </Button>
  )
  return (
    <Page title={t('announcements.title')} description={t('announcements.description')} actions={button}>
      <DataTable
        label={t('announcements.title')}
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        list={list}
        empty={<EmptyState title={t('announcements.none')} next={t('announcements.next')} action={button} />}
      />
      <FormModal<Values>
        key={edited === null || edited === 'new' ? 'new' : edited.id}
        open={edited !== null}
        width={620}
        title={t('announcements.new')}
        submit={common('save')}
        initial={initial}
        onSubmit={save}
        onClose={() => setEdited(null)}
      >
        <Fields />
      </FormModal>
    </Page>
  )
}
