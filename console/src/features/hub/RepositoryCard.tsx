import { DownloadOutlined, HeartOutlined, LockOutlined, TeamOutlined } from '@ant-design/icons'
import { Tag, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

import { repositoryPath } from '@/lib/reference'
import { Bytes, Count, Time } from '@/ui/Figures'

import type { Repository } from './kinds'
import styles from './Repositories.module.css'

export function VisibilityMark({ visibility }: { visibility: Repository['visibility'] }) {
  const { t } = useTranslation('hub')
  if (visibility === 'public') return null
  return (
    <Tooltip title={t(`visibility.${visibility}`)}>
      <span className="faint" aria-label={t(`visibility.${visibility}`)}>
        {visibility === 'private' ? <LockOutlined /> : <TeamOutlined />}
      </span>
    </Tooltip>
  )
}

/** How the data is graded, in words that do not need a heading. */
export function GradeMark({ grade }: { grade: Repository['grade'] }) {
  const { t } = useTranslation('hub')
  if (!grade[0]) return null
  return (
    <Tag variant="filled" color={grade[0] === 'important' || grade[0] === 'core' ? 'warning' : undefined}>
      {t('facet.grade')} · {t(`grade.${grade[0]}`)}
    </Tag>
  )
}

export function Labels({ repository }: { repository: Repository }) {
  return (
    <>
      {[...repository.task, ...repository.language, ...repository.licence].map((label) => (
        <Tag key={label} variant="filled">
          {label}
        </Tag>
      ))}
      {repository.tag.slice(0, 6).map((label) => (
        <Tag key={`#${label}`} variant="filled">
          # {label}
        </Tag>
      ))}
    </>
  )
}

export function RepositoryCard({ repository }: { repository: Repository }) {
  const { t } = useTranslation('hub')
  const { kind, owner, name, title, description } = repository
  return (
    <article className={styles.card}>
      <div className={styles.cardHead}>
        <Link to={repositoryPath(kind, owner, name)} className={styles.cardName}>
          <span className="soft">{owner}/</span>
          {name}
        </Link>
        <VisibilityMark visibility={repository.visibility} />
        <GradeMark grade={repository.grade} />
        {repository.gated !== 'no' && <Tag variant="filled">{t('gate.gated')}</Tag>}
        <span className={styles.cardTime}>
          {t('updated')} <Time value={repository.updated_at} />
        </span>
      </div>
      {(title || description) && <p className={styles.cardText}>{description || title}</p>}
      <div className={styles.cardFoot}>
        <Labels repository={repository} />
        <span className={styles.cardFigures}>
          <span>
            {t('files', { count: repository.files })} · <Bytes value={repository.bytes} />
          </span>
          <span>
            <DownloadOutlined aria-label={t('facts.downloads')} /> <Count value={repository.downloads} />
          </span>
          <span>
            <HeartOutlined aria-label={t('sort.likes')} /> <Count value={repository.likes} />
          </span>
        </span>
      </div>
    </article>
  )
}
