import { Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'

import { entryOf, type Room, type RoomId } from '@/app/features'
import { Mark } from '@/ui/Mark'

import { RoomIcon } from './RoomIcon'
import styles from './Shell.module.css'

const FOOT: ReadonlySet<RoomId> = new Set(['organisation', 'administration'])

function RoomLink({ room, active }: { room: Room; active: boolean }) {
  const { t } = useTranslation()
  const first = room.entries[0]
  if (!first) return null
  return (
    <Tooltip title={t(`room.${room.id}.full`)} placement="right" mouseEnterDelay={0.6}>
      <Link to={first.path} className={styles.room} aria-current={active ? 'true' : undefined}>
        <RoomIcon room={room.id} />
        <span>{t(`room.${room.id}.short`)}</span>
      </Link>
    </Tooltip>
  )
}

/** The left rail: home, the pillars that are built, and the platform's own rooms at its foot. */
export function Rail({ rooms, current }: { rooms: Room[]; current: RoomId | undefined }) {
  const { t } = useTranslation()
  const link = (room: Room) => <RoomLink key={room.id} room={room} active={room.id === current} />
  return (
    <nav className={styles.rail} aria-label={t('nav.rooms')}>
      <Link to="/" className={styles.mark} aria-label={t('nav.home')}>
        <Mark size={34} />
      </Link>
      {rooms.filter((room) => !FOOT.has(room.id)).map(link)}
      <div className={styles.railFoot}>{rooms.filter((room) => FOOT.has(room.id)).map(link)}</div>
    </nav>
  )
}

/** The pages of the room that is open. */
export function SideNav({ room }: { room: Room }) {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const current = entryOf([room], pathname)
  const groups = [...new Set(room.entries.map((entry) => entry.group))]
  return (
    <nav className={styles.side} aria-label={t(`room.${room.id}.full`)}>
      <div className={styles.sideTitle}>{t(`room.${room.id}.full`)}</div>
      {groups.map((group) => (
        <div key={group ?? ''} className={styles.sideGroup}>
          {group && <div className={styles.sideGroupTitle}>{t(group)}</div>}
          {room.entries
            .filter((entry) => entry.group === group)
            .map((entry) => (
              <Link
                key={entry.path}
                to={entry.path}
                className={styles.sideLink ?? ''}
                aria-current={entry === current ? 'page' : undefined}
              >
                {t(entry.label)}
              </Link>
            ))}
        </div>
      ))}
    </nav>
  )
}
