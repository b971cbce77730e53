import type { RouteObject } from 'react-router'

import type { Session } from './session'

/** The rooms of the left rail: home, the seven pillars, and the two that are about the platform itself. */
export const ROOMS = [
  'home',
  'compute',
  'data',
  'models',
  'evaluation',
  'scenarios',
  'governance',
  'programmes',
  'organisation',
  'administration',
] as const

export type RoomId = (typeof ROOMS)[number]

export interface NavEntry {
  room: RoomId
  path: string
  /** Key of the text, with its namespace: `hub:nav.datasets`. */
  label: string
  order: number
  /** Heading under which the entry stands, as a text key; entries without one come first. */
  group?: string
  /** Who sees the entry; everybody who is signed in when left out. The server checks again. */
  allow?: (session: Session) => boolean
  /** Shown also to people who are not signed in. */
  guest?: boolean
}

export interface Found {
  path: string
  title: string
  note?: string
}

/** What a feature adds to the search of the top bar. */
export interface SearchProvider {
  /** Key of the heading over its results. */
  label: string
  find: (text: string, signal: AbortSignal) => Promise<Found[]>
}

/**
 * One feature of the console: a folder under `features/` whose `feature.ts` exports this by default.
 * Pages are loaded when they are first opened (`lazy`), and each route's `handle` names its help text.
 */
export interface Feature {
  routes: RouteObject[]
  nav: NavEntry[]
  /** Routes that stand outside the shell and need no sign-in. */
  open?: RouteObject[]
  search?: SearchProvider
}

export interface RouteHandle {
  /** Key of the page's help, with its namespace: `hub:help.datasets` holds `title` and `body`. */
  help: string
  /** Open to people who are not signed in. */
  guest?: boolean
}

export function isRouteHandle(value: unknown): value is RouteHandle {
  return typeof value === 'object' && value !== null && 'help' in value
}

const modules = import.meta.glob<Feature>('../features/*/feature.ts', { eager: true, import: 'default' })

export const features: Feature[] = Object.keys(modules)
  .sort()
  .flatMap((path) => modules[path] ?? [])

export interface Room {
  id: RoomId
  entries: NavEntry[]
}

const isFor = (session: Session, entry: NavEntry) =>
  session.isGuest ? entry.guest === true : (entry.allow?.(session) ?? true)

/** Rooms with at least one page that this person may open: a room that is not built is not shown. */
export function visibleRooms(session: Session, list: readonly Feature[] = features): Room[] {
  return ROOMS.map((id) => ({
    id,
    entries: list
      .flatMap((feature) => feature.nav)
      .filter((entry) => entry.room === id && isFor(session, entry))
      .sort((a, b) => a.order - b.order),
  })).filter((room) => room.entries.length > 0)
}

/** The entry that an address belongs to: the longest path that it starts with. */
export function entryOf(rooms: readonly Room[], pathname: string): NavEntry | undefined {
  return rooms
    .flatMap((room) => room.entries)
    .filter((entry) => pathname === entry.path || pathname.startsWith(`${entry.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0]
}
