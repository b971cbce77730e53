import { HeartFilled, HeartOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'

import { $api, api } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useSession } from '@/app/session'
import { Count } from '@/ui/Figures'

import { pathOf, type Place } from './RepositoryPage'

/** Likes a repository, or no longer. */
export function LikeButton({ place }: { place: Place }) {
  const { t } = useTranslation('hub')
  const { message } = App.useApp()
  const queries = useQueryClient()
  const session = useSession()
  const path = pathOf(place)
  const query = $api.useQuery('get', '/api/v1/repositories/{kind}/{owner}/{name}/like', { params: { path } })
  const liked = query.data?.liked ?? false
  const turn = async () => {
    const address = '/api/v1/repositories/{kind}/{owner}/{name}/like' as const
    try {
      await (liked ? api.DELETE(address, { params: { path } }) : api.PUT(address, { params: { path } }))
      await queries.invalidateQueries({ queryKey: ['get', address] })
    } catch (problem) {
      void message.error(asProblem(problem).detail)
    }
  }
  return (
    <Button
      icon={liked ? <HeartFilled style={{ color: 'var(--cy-cinnabar)' }} /> : <HeartOutlined />}
      aria-pressed={liked}
      // Everybody who is signed in has an organisation of their own.
      disabled={session.organisations.length === 0}
      aria-label={liked ? t('like.undo') : t('like.do')}
      onClick={() => void turn()}
    >
      <Count value={query.data?.likes ?? 0} />
    </Button>
  )
}
