import { nanoid } from 'nanoid'
import type { CodeId, RoomId, SessionId } from '../protocol/ids.ts'
import type { Device, NewSession, Role, Session } from '../protocol/models.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import { readSession, type PendingSession, type SessionRecord, type Warn } from './records.ts'
import { sessionsKey } from './rooms.ts'
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
  | { readonly kind: 'check_wrong' | 'gone'; readonly record?: undefined }

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

/** A seat is renewed once a day at most, or after half its life where that is shorter. */
const RENEW_AFTER_MS = 86_400_000

/** Sessions as the store knows them. Methods reject with `StoreUnavailable`. */
export class Sessions {
  readonly #store: Store
  readonly #clock: Clock
  readonly #secrets: Secrets
  readonly #ttlMs: number
  readonly #warn: Warn

  constructor(deps: { store: Store; clock: Clock; secrets: Secrets; sessionTtlMs: number; warn: Warn }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#secrets = deps.secrets
    this.#ttlMs = deps.sessionTtlMs
    this.#warn = deps.warn
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
    pending?: { pairing: CodeId; endsAt: number },
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
    const text = await this.#store.row(sessionsKey(parts.roomId), parts.id)
    const record = this.#valid(text)
    if (text === undefined || record === undefined) return undefined
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
    return Math.min(RENEW_AFTER_MS, this.#ttlMs / 2)
  }

  async list(roomId: RoomId): Promise<Session[]> {
    const rows = await this.#store.rows(sessionsKey(roomId))
    return [...rows].flatMap(([id, text]) => {
      const record = this.#valid(text)
      return record ? [sessionShape(id as SessionId, record)] : []
    })
  }

  async exists(roomId: RoomId, id: SessionId): Promise<boolean> {
    return (await this.find(roomId, id)) !== undefined
  }

  async find(roomId: RoomId, id: SessionId): Promise<SessionRecord | undefined> {
    return this.#valid(await this.#store.row(sessionsKey(roomId), id))
  }

  async revoke(roomId: RoomId, id: SessionId): Promise<void> {
    await this.#store.deleteRows(sessionsKey(roomId), id)
  }

  /**
   * Decides a pending session by its check number; of two decisions at once one wins. A wrong check ends the
   * claim, or a hundred tries would find the number [PAIR-5].
   */
  async approve(roomId: RoomId, id: SessionId, check: string): Promise<Decision> {
    const text = await this.#store.row(sessionsKey(roomId), id)
    const record = this.#valid(text)
    if (text === undefined || record?.status !== 'pending') return { kind: 'gone' }
    if (!sameText(record.checkHash, this.#secrets.hash('check', `${id}\0${check}`))) {
      // Ended by comparison first: of a wrong and a right number at once, one decides.
      const over: SessionRecord = { ...record, expiresAt: 0 }
      if (!(await this.#store.replaceRow(sessionsKey(roomId), id, text, JSON.stringify(over))))
        return { kind: 'gone' }
      await this.revoke(roomId, id)
      return { kind: 'check_wrong' }
    }
    const { pairing: _pairing, checkHash: _checkHash, ...rest } = record satisfies PendingSession
    const active: SessionRecord = { ...rest, status: 'active', expiresAt: this.#clock.now() + this.#ttlMs }
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
    await this.#store.putRow(sessionsKey(roomId), id, JSON.stringify(record), this.#ttlMs)
    return { ...sessionShape(id, record), token }
  }

  #valid(text: string | undefined): SessionRecord | undefined {
    const record = readSession(text, this.#warn)
    return record !== undefined && record.expiresAt > this.#clock.now() ? record : undefined
  }
}
