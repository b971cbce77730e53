import { Navigate } from 'react-router'

import { NotFoundPage } from './ErrorPage'
import { visibleRooms, type RoomId } from './features'
import { useSession } from './session'

/** The address of a room leads to its first page, as its sign in the rail does. */
export function RoomIndex({ room }: { room: RoomId }) {
  const first = visibleRooms(useSession()).find(({ id }) => id === room)?.entries[0]
  return first ? <Navigate to={first.path} replace /> : <NotFoundPage />
}
