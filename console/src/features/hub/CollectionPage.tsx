import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, EditOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Popconfirm, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import type { Got, Sent } from '@/api/types'
import { EmptyState, ProblemView } from '@/ui/Feedback'
import { FormModal } from '@/ui/FormModal'
import { Loading } from '@/ui/Loading'
import { Page } from '@/ui/Page'

import styles from './Repositories.module.css'
import { RepositoryCard } from './RepositoryCard'

const ONE = '/api/v1/collections/{token}'

type Collection = Got<typeof ONE>
type CollectionItem = Collection['items'][number]
type Change = Sent<typeof ONE, 'patch'>

function Entry({
  collection,
  item,
  index,
  act,
}: {
  collection: Collection
  item: CollectionItem
  index: number
  act: (change: () => Promise<unknown>) => void
}) {
  const { t } = useTranslation('hub')
  const params = { path: { token: collection.token, item_id: item.id } }
  const place = (position: number) =>
    act(() => api.PATCH(`${ONE}/items/{item_id}`, { params, body: { position, note: null } }))
  return (
    <div className={styles.item}>
      <div>
        {item.repository && <RepositoryCard repository={item.repository} />}
        {item.collection && (
          <article className={styles.card}>
            <Link className={styles.cardName} to={`/hub/collections/${item.collection.token}`}>
              {item.collection.title}
            </Link>
          </article>
        )}
        {item.note && <p className="soft">{item.note}</p>}
      </div>
      {collection.may_change && (
        <div className={styles.itemTools}>
          <Button
            type="text"
            size="small"
            icon={<ArrowUpOutlined />}
            disabled={index === 0}
            aria-label={t('collection.up')}
            onClick={() => place(index - 1)}
          />
          <Button
            type="text"
            size="small"
            icon={<ArrowDownOutlined />}
            disabled={index === collection.items.length - 1}
            aria-label={t('collection.down')}
            onClick={() => place(index + 1)}
          />
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            aria-label={t('collection.takeOut')}
            onClick={() => act(() => api.DELETE(`${ONE}/items/{item_id}`, { params }))}
          />
        </div>
      )}
    </div>
  )
}

/** One collection with its repositories in their order. */
export function Component() {
  const { t } = useTranslation('hub')
  const { t: common } = useTranslation()
  const { token = '' } = useParams()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const query = $api.useQuery('get', ONE, { params: { path: { token } } })
  const refresh = () =>
    Promise.all([ONE, '/api/v1/collections'].map((path) => queries.invalidateQueries({ queryKey: ['get', path] })))
  const act = (change: () => Promise<unknown>) =>
    void change()
      .then(refresh)
      .catch((problem: unknown) => message.error(asProblem(problem).detail))
  const save = async (body: Change) => {
    await api.PATCH(ONE, { params: { path: { token } }, body })
    await refresh()
  }
  const remove = async () => {
    await api.DELETE(ONE, { params: { path: { token } } })
    await queries.invalidateQueries({ queryKey: ['get', '/api/v1/collections'] })
    void navigate('/hub/collections', { replace: true })
  }
  if (query.error) return <ProblemView page error={query.error} onRetry={() => void query.refetch()} />
  const collection = query.data
  if (!collection) return <Loading />
  return (
    <Page
      title={collection.title}
      description={collection.description}
      crumbs={[
        { label: t('collection.title'), to: '/hub/collections' },
        { label: `${collection.owner}/${collection.title}` },
      ]}
      actions={
        collection.may_change && (
          <>
            <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>
              {t('collection.edit')}
            </Button>
            <Popconfirm title={t('collection.deleteNote')} onConfirm={() => act(remove)}>
              <Button danger icon={<DeleteOutlined />}>
                {t('collection.delete')}
              </Button>
            </Popconfirm>
          </>
        )
      }
    >
      {collection.items.length === 0 && <EmptyState title={t('collection.empty')} next={t('collection.emptyNext')} />}
      <div className="stack">
        {collection.items.map((item, index) => (
          <Entry key={item.id} collection={collection} item={item} index={index} act={act} />
        ))}
      </div>
      <FormModal<Change>
        open={editing}
        title={t('collection.edit')}
        submit={common('save')}
        initial={{ title: collection.title, description: collection.description, private: collection.private }}
        onSubmit={save}
        onClose={() => setEditing(false)}
      >
        <Form.Item name="title" label={t('collection.name')} rules={[{ required: true }]}>
          <Input maxLength={120} />
        </Form.Item>
        <Form.Item name="description" label={t('new.description')}>
          <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 4 }} />
        </Form.Item>
        <Form.Item name="private" label={t('new.visibility')}>
          <Radio.Group
            options={[
              { value: true, label: t('visibility.private') },
              { value: false, label: t('visibility.public') },
            ]}
          />
        </Form.Item>
      </FormModal>
    </Page>
  )
}
