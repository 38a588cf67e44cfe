import { nanoid } from 'nanoid'
import type { CodeId, RoomId, SessionId } from '../protocol/ids.ts'
import type { Device, NewSession, Role, Session } from '../protocol/models.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import {
  readSession,
  type GoneSession,
  type PendingSession,
  type SessionRecord,
  type Warn,
} from './records.ts'
import { Remembered } from './remembered.ts'
import { seatsKey, sessionsKey, type Rooms, type Rows } from './rooms.ts'
import { randomSecret, sameText, type Secrets } from './secrets.ts'

/** A session that proved its token, with the row it was read from. */
export interface Authenticated {
  readonly roomId: RoomId
  readonly id: SessionId
  readonly record: SessionRecord
  readonly text: string
}

export type Decision =
  | { readonly kind: 'approved'; readonly record: SessionRecord }
  /** `seats`: of the room, as `revoke` gives them. */
  | { readonly kind: 'check_wrong'; readonly seats: Rows; readonly record?: undefined }
  | { readonly kind: 'gone'; readonly record?: undefined }

/** The parts of a token `<room id>.<session id>.<secret>`; nothing where it is none. */
export function partsOf(token: string): { roomId: RoomId; id: SessionId } | undefined {
  const match = /^([\w-]{1,64})\.([\w-]{1,64})\.[\w-]{1,64}$/.exec(token)
  return match ? { roomId: match[1] as RoomId, id: match[2] as SessionId } : undefined
}

export const sessionShape = (id: SessionId, record: SessionRecord): Session => ({
  id,
  role: record.role,
  name: record.name,
  status: record.status,
  expiresAt: new Date(record.expiresAt).toISOString(),
})

/** A device says hello within moments of its claim: until then its row need not be read. Milliseconds. */
const NEW_FOR_MS = 120_000
/** New sessions that are remembered. */
const MOST_NEW = 5_000
const NO_ROWS: Rows = new Map()

/** Sessions as the store knows them. Methods reject with `StoreUnavailable`. */
export class Sessions {
  readonly #store: Store
  readonly #clock: Clock
  readonly #secrets: Secrets
  readonly #rooms: Rooms
  readonly #ttlMs: number
  readonly #warn: Warn
  /** Rows of sessions made here just now. */
  readonly #new: Remembered<SessionId, string>

  constructor(deps: {
    store: Store
    clock: Clock
    secrets: Secrets
    rooms: Rooms
    sessionTtlMs: number
    warn: Warn
  }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#secrets = deps.secrets
    this.#rooms = deps.rooms
    this.#ttlMs = deps.sessionTtlMs
    this.#warn = deps.warn
    this.#new = new Remembered(deps.clock, MOST_NEW)
  }

  /** A session that nobody claimed: the host that makes a room. */
  async create(roomId: RoomId, who: { role: Role; name: string; device: Device }): Promise<NewSession> {
    const id = nanoid<SessionId>(12)
    return this.#put(roomId, id, randomSecret(), this.#record(who))
  }

  /**
   * The session of a claim. Its id and token are derived from the claim, so that a repeated claim needs no
   * place of its own in the store: whoever knows the claim key can work them out again.
   */
  async createClaimed(
    roomId: RoomId,
    claim: string,
    who: { role: Role; name: string; device: Device },
    pending?: { pairing: CodeId; endsAt: number; presented: 'scanned' | 'typed' },
  ): Promise<NewSession> {
    const { id, secret } = this.#derived(claim)
    const active = this.#record(who)
    const record: SessionRecord =
      pending === undefined
        ? active
        : {
            ...active,
            status: 'pending',
            pairing: pending.pairing,
            presented: pending.presented,
            checkHash: this.#secrets.hash('check', `${id}\0${this.#secrets.checkNumber(claim)}`),
            expiresAt: pending.endsAt,
          }
    return this.#put(roomId, id, secret, record)
  }

  /** The session that the same claim made before, if it is still there. */
  async claimedBefore(roomId: RoomId, claim: string): Promise<NewSession | undefined> {
    const { id, secret } = this.#derived(claim)
    const record = this.#valid(await this.#store.row(sessionsKey(roomId), id))
    return record && { ...sessionShape(id, record), token: `${roomId}.${id}.${secret}` }
  }

  async authenticate(token: string): Promise<Authenticated | undefined> {
    const parts = partsOf(token)
    if (parts === undefined) return undefined
    return this.#proven(token, parts, await this.#store.row(sessionsKey(parts.roomId), parts.id))
  }

  /**
   * Whether a token that was not let in never will be: its session was revoked or its room deleted, which both leave
   * something behind, or it is nobody's. One that is not known at all may not be written to the store yet [STORE-4].
   * @throws StoreUnavailable
   */
  async isOver(token: string): Promise<boolean> {
    const parts = partsOf(token)
    if (parts === undefined) return true
    const text = await this.#store.row(sessionsKey(parts.roomId), parts.id)
    if (text !== undefined) return this.#proven(token, parts, text) === undefined
    return (await this.#rooms.look(parts.roomId)) === 'deleted'
  }

  /**
   * As `authenticate`, without asking the store where the session was made here just now. Another instance may have revoked
   * it meanwhile, so whoever lets it in reads its row once more on the way.
   */
  async preauthenticate(token: string): Promise<Authenticated | undefined> {
    const parts = partsOf(token)
    const text = parts && this.#new.get(parts.id)
    return (parts && this.#proven(token, parts, text)) ?? this.authenticate(token)
  }

  #proven(
    token: string,
    parts: { roomId: RoomId; id: SessionId },
    text: string | undefined,
  ): Authenticated | undefined {
    const record = this.#valid(text)
    if (text === undefined || record === undefined) return undefined
    // The hash is of the whole token, so a row of another room proves nothing.
    if (!sameText(record.tokenHash, this.#secrets.hash('token', token))) return undefined
    return { ...parts, record, text }
  }

  /** Prolongs an active session that was in use, at most once a day; never one that was revoked meanwhile. */
  async renew(session: Authenticated): Promise<SessionRecord> {
    const { record } = session
    if (record.status !== 'active') return record
    const age = this.#ttlMs - (record.expiresAt - this.#clock.now())
    if (age < this.renewEveryMs) return record
    const next: SessionRecord = { ...record, expiresAt: this.#clock.now() + this.#ttlMs }
    const renewed = await this.#store.replaceRow(
      sessionsKey(session.roomId),
      session.id,
      session.text,
      JSON.stringify(next),
    )
    return renewed ? next : record
  }

  /** How often a session that stays in use is to be renewed. */
  get renewEveryMs(): number {
    return this.#rooms.renewEveryMs
  }

  /** What was remembered of a new session is not sure any more. */
  forget(id: SessionId): void {
    this.#new.delete(id)
  }

  /** A session's row as it was found elsewhere; nothing where it has ended. */
  read(text: string | undefined): SessionRecord | undefined {
    return this.#valid(text)
  }

  readAll(rows: ReadonlyMap<SessionId, string>): ReadonlyMap<SessionId, SessionRecord | undefined> {
    return new Map([...rows].map(([id, text]) => [id, this.#valid(text)]))
  }

  /** The same as `read`, for who shows its token. */
  proves(token: string, { roomId, id, text }: Authenticated): Authenticated | undefined {
    return this.#proven(token, { roomId, id }, text)
  }

  async list(roomId: RoomId): Promise<Session[]> {
    const rows = await this.#store.rows(sessionsKey(roomId))
    return [...rows].flatMap(([id, text]) => {
      const record = this.#valid(text)
      return record ? [sessionShape(id as SessionId, record)] : []
    })
  }

  async find(roomId: RoomId, id: SessionId): Promise<SessionRecord | undefined> {
    return this.#valid(await this.#store.row(sessionsKey(roomId), id))
  }

  /**
   * Ends a session for good: what stays in its place is read as absent and keeps it from coming back [STORE-4].
   * @returns the seats of the room, read after that, so that whoever holds the session is told [SESS-3]
   */
  async revoke(roomId: RoomId, id: SessionId): Promise<Rows> {
    this.#new.delete(id)
    const gone: GoneSession = { v: 1, gone: true, expiresAt: this.#clock.now() + this.#ttlMs }
    const rows = new Map([[id, JSON.stringify(gone)]])
    const life = this.#tableLife(roomId)
    const { tables } = await this.#store.step([{ put: 'rows', table: sessionsKey(roomId), rows, ...life }], {
      tables: [seatsKey(roomId)],
    })
    if (life.ttlMs !== undefined) this.#rooms.tableRenewed(roomId)
    return tables[0] ?? NO_ROWS
  }

  /**
   * Decides a pending session by its check number; of two decisions at once one wins. A wrong check ends the
   * claim, or a hundred tries would find the number [PAIR-5].
   */
  async approve(roomId: RoomId, id: SessionId, check: string): Promise<Decision> {
    // One that was made here just now is as it was remembered, or the comparison below finds that it is not.
    const text = this.#new.get(id) ?? (await this.#store.row(sessionsKey(roomId), id))
    const record = this.#valid(text)
    if (text === undefined || record?.status !== 'pending') return { kind: 'gone' }
    if (!sameText(record.checkHash, this.#secrets.hash('check', `${id}\0${check}`))) {
      // Ended by comparison first: of a wrong and a right number at once, one decides.
      const over: SessionRecord = { ...record, expiresAt: 0 }
      if (!(await this.#store.replaceRow(sessionsKey(roomId), id, text, JSON.stringify(over))))
        return { kind: 'gone' }
      return { kind: 'check_wrong', seats: await this.revoke(roomId, id) }
    }
    const {
      pairing: _pairing,
      presented: _presented,
      checkHash: _checkHash,
      ...rest
    } = record satisfies PendingSession
    const active: SessionRecord = { ...rest, status: 'active', expiresAt: this.#clock.now() + this.#ttlMs }
    this.#new.delete(id)
    const decided = await this.#store.replaceRow(sessionsKey(roomId), id, text, JSON.stringify(active))
    return decided ? { kind: 'approved', record: active } : { kind: 'gone' }
  }

  #derived(claim: string): { id: SessionId; secret: string } {
    return {
      id: this.#secrets.hash('claim', `id\0${claim}`).slice(0, 16) as SessionId,
      secret: this.#secrets.hash('claim', `secret\0${claim}`),
    }
  }

  #record(who: { role: Role; name: string; device: Device }): SessionRecord {
    const now = this.#clock.now()
    return { v: 1, ...who, status: 'active', tokenHash: '', createdAt: now, expiresAt: now + this.#ttlMs }
  }

  async #put(roomId: RoomId, id: SessionId, secret: string, unsigned: SessionRecord): Promise<NewSession> {
    const token = `${roomId}.${id}.${secret}`
    const record: SessionRecord = { ...unsigned, tokenHash: this.#secrets.hash('token', token) }
    const text = JSON.stringify(record)
    const { ttlMs } = this.#tableLife(roomId)
    await this.#store.putRow(sessionsKey(roomId), id, text, ttlMs)
    if (ttlMs !== undefined) this.#rooms.tableRenewed(roomId)
    this.#new.set(id, text, NEW_FOR_MS)
    return { ...sessionShape(id, record), token }
  }

  /** The life to give the table of a room's sessions with a row: none where that would cost a command for nothing. */
  #tableLife(roomId: RoomId): { ttlMs?: number } {
    return this.#rooms.tableIsFresh(roomId) ? {} : { ttlMs: this.#rooms.tableTtlMs }
  }

  #valid(text: string | undefined): SessionRecord | undefined {
    const record = readSession(text, this.#warn)
    return record !== undefined && record.expiresAt > this.#clock.now() ? record : undefined
  }
}
