/** The session a page holds, in its own localStorage entry, so that a reload comes back to the same room. */
import type { SessionId } from '../../server/protocol/ids.ts'
import type { NewSession, Role, Room } from '../../server/protocol/models.ts'

/** `viewer:<session id>`: a link with a session of its own. */
export type Page = 'dashboard' | 'phone' | 'viewer' | `viewer:${string}`

export interface SeatRecord {
  readonly token: string
  readonly id: SessionId
  readonly role: Role
  readonly roomName: string
  /** Connects made with this session so far (`attempt` of `hello`). */
  readonly attempt: number
  /** What the page wants to find again after a reload. */
  readonly notes: Readonly<Record<string, unknown>>
}

export interface Seat {
  /** The stored session, or undefined where there is none. */
  read(): SeatRecord | undefined
  /** Stores a new session and gives back the token of the one it replaces, which is to be signed out. */
  take(session: Pick<NewSession, 'token' | 'id' | 'role'>, room: Pick<Room, 'name'>): string | undefined
  /** Changes the stored name of the room or the page's notes. */
  update(change: { roomName?: string; notes?: Record<string, unknown> }): void
  /** Counts one more connect of this session and gives the count. */
  nextAttempt(token: string): number
  forget(): void
  /** False where the browser stores nothing (private mode): a reload will need a new pairing code. */
  readonly persistent: boolean
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

const parse = (text: string | null): SeatRecord | undefined => {
  if (text === null) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    console.warn('Stored session is damaged and is left aside', cause)
    return undefined
  }
  if (!isRecord(value) || typeof value['token'] !== 'string' || typeof value['id'] !== 'string')
    return undefined
  return {
    token: value['token'],
    id: value['id'] as SessionId,
    role: value['role'] as Role,
    roomName: typeof value['roomName'] === 'string' ? value['roomName'] : '',
    attempt: Number.isSafeInteger(value['attempt']) ? (value['attempt'] as number) : 0,
    notes: isRecord(value['notes']) ? value['notes'] : {},
  }
}

const browserStorage = (): Storage | undefined => {
  try {
    return globalThis.localStorage
  } catch (cause) {
    console.warn('This browser keeps no data for the page', cause)
    return undefined
  }
}

/**
 * Opens the entry of one page. A storage that throws is replaced by memory, and `persistent` says so.
 * @param least what the count of connects is at least, for a session that is opened in more than one browser
 */
export const openSeat = (
  page: Page,
  storage: Storage | undefined = browserStorage(),
  least: () => number = () => 0,
): Seat => {
  const key = `pairlens:${page}`
  let memory: SeatRecord | undefined
  let persistent = storage !== undefined

  const stored = <T>(work: (place: Storage) => T): T | undefined => {
    if (!storage || !persistent) return undefined
    try {
      return work(storage)
    } catch (cause) {
      // Safari's private mode and full disks throw on write; the page goes on without storage.
      console.warn('The session cannot be stored on this device', cause)
      persistent = false
      return undefined
    }
  }
  const read = () => {
    const record = stored((place) => parse(place.getItem(key)))
    return persistent ? record : memory
  }
  const write = (record: SeatRecord) => {
    memory = record
    stored((place) => place.setItem(key, JSON.stringify(record)))
  }

  return {
    read,
    take(session, room) {
      const old = read()
      write({
        token: session.token,
        id: session.id,
        role: session.role,
        roomName: room.name,
        attempt: 0,
        notes: {},
      })
      return old && old.token !== session.token ? old.token : undefined
    },
    update(change) {
      const record = read()
      if (!record) return
      write({
        ...record,
        roomName: change.roomName ?? record.roomName,
        notes: { ...record.notes, ...change.notes },
      })
    },
    nextAttempt(token) {
      // Read each time: another tab of the same session counts in the same entry.
      const record = read()
      const known = record?.token === token ? record : memory?.token === token ? memory : undefined
      const attempt = Math.max((known?.attempt ?? 0) + 1, least())
      if (known && known === record) write({ ...record, attempt })
      else if (known) memory = { ...known, attempt }
      return attempt
    },
    forget() {
      memory = undefined
      stored((place) => place.removeItem(key))
    },
    get persistent() {
      return persistent
    },
  }
}
