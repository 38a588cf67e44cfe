import type { CodeId, RoomId } from '../protocol/ids.ts'
import { CODE_ALPHABET, CODE_LENGTH } from '../protocol/limits.ts'
import type { Device, NewSession, Role, Room } from '../protocol/models.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import { readCode, type OpenCode, type RevokedCode, type UsedCode, type Warn } from './records.ts'
import { Refusal } from './refusal.ts'
import { Remembered } from './remembered.ts'
import type { Rooms } from './rooms.ts'
import { randomSecret, sameText, type Secrets } from './secrets.ts'
import type { Sessions } from './sessions.ts'

/** How a device came by a code: scanned (the secret of the QR) or typed. */
export type Presented = { readonly secret: string } | { readonly code: string }

/** A new code, with the secret that only its QR and its typed form carry. */
export interface IssuedCode {
  readonly id: CodeId
  readonly role: Role
  readonly secret: string
  /** As shown to be typed, XXXX-XXXX. */
  readonly code: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** What a code would lead to, found without using it up. */
export interface FoundCode {
  readonly id: CodeId
  readonly room: Room
  readonly role: Role
  readonly host: Device
  readonly approvalNeeded: boolean
  /** Milliseconds. */
  readonly expiresIn: number
}

/** A claim that won (or the same claim once more: `repeated`). */
export interface Claimed {
  readonly id: CodeId
  readonly session: NewSession
  readonly room: Room
  /** Only for a pending session. */
  readonly check?: string
  readonly repeated: boolean
}

/** The claim of a code that another claim has used: the room's hosts are told [PAIR-7]. */
export class CodeUsed extends Refusal {
  readonly roomId: RoomId
  readonly id: CodeId

  constructor(roomId: RoomId, id: CodeId) {
    super('pairing_code_used', 'This code was already used. Ask for a new one.')
    this.roomId = roomId
    this.id = id
  }
}

/** Whether a room has no place left. */
export type IsFull = (room: Room) => boolean | Promise<boolean>
/** A room as it is open on this instance, where it is: that saves reading it. */
export type RoomInfo = (id: RoomId) => Room | undefined
const NOT_OPEN: RoomInfo = () => undefined

/** Open codes that are remembered from their issue or preview to their claim. */
const MOST_OPEN = 10_000

const TYPED = new RegExp(`^[${CODE_ALPHABET}]{${CODE_LENGTH}}$`)
const codeKey = (id: CodeId) => `code:${id}`
const invalid = () =>
  new Refusal('pairing_code_invalid', 'This code is not valid (any more). Ask for a new one.')
/** The first of two equal claims may still be writing its session, for which the second looks so often. */
const REPEAT_TRIES = 2
/** The same for a claim that lost a race just now. */
const RACED_TRIES = 5
const REPEAT_EVERY_MS = 100

/** Single-use codes that turn a device into a session. Methods reject with `Refusal` or `StoreUnavailable`. */
export class Pairing {
  readonly #store: Store
  readonly #clock: Clock
  readonly #secrets: Secrets
  readonly #rooms: Rooms
  readonly #sessions: Sessions
  readonly #ttlMs: number
  readonly #warn: Warn
  /** Codes that were open when this instance last saw them. Whether they still are, the exchange decides. */
  readonly #open: Remembered<CodeId, OpenCode>

  constructor(deps: {
    store: Store
    clock: Clock
    secrets: Secrets
    rooms: Rooms
    sessions: Sessions
    pairingTtlMs: number
    warn: Warn
  }) {
    this.#store = deps.store
    this.#clock = deps.clock
    this.#secrets = deps.secrets
    this.#rooms = deps.rooms
    this.#sessions = deps.sessions
    this.#ttlMs = deps.pairingTtlMs
    this.#warn = deps.warn
    this.#open = new Remembered(deps.clock, MOST_OPEN)
  }

  async issue(roomId: RoomId, role: Role, host: Device): Promise<IssuedCode> {
    for (;;) {
      const secret = randomSecret()
      const typed = this.#secrets.typedForm(secret)
      const id = this.#idOf(typed)
      const issuedAt = this.#clock.now()
      const expiresAt = issuedAt + this.#ttlMs
      const record: OpenCode = {
        v: 1,
        status: 'open',
        room: roomId,
        role,
        host,
        secretHash: this.#secrets.hash('scanned', secret),
        expiresAt,
      }
      // A typed form that is taken already must not lead to two rooms.
      if (await this.#store.create(codeKey(id), JSON.stringify(record), this.#ttlMs)) {
        this.#open.set(id, record, this.#ttlMs)
        return { id, role, secret, code: `${typed.slice(0, 4)}-${typed.slice(4)}`, issuedAt, expiresAt }
      }
    }
  }

  /** Ends a code of this room; nothing happens where there is none. False: no such code in this room. */
  async revoke(roomId: RoomId, id: CodeId): Promise<boolean> {
    this.#open.delete(id)
    const text = await this.#store.get(codeKey(id))
    const record = readCode(text, this.#warn)
    if (text === undefined || record?.room !== roomId || record.status === 'revoked') return false
    // What is used up stays told apart from what never was, until it would have expired; also when that
    // happens right now, which the comparison finds.
    if (record.status === 'open') {
      const { room, expiresAt } = record
      const tombstone: RevokedCode = { v: 1, status: 'revoked', room, expiresAt }
      await this.#store.replace(codeKey(id), text, JSON.stringify(tombstone))
    }
    return true
  }

  /** What a claim would meet, without using anything up [PAIR-3]. */
  async preview(presented: Presented, isFull: IsFull, roomInfo = NOT_OPEN): Promise<FoundCode> {
    const { id, record } = await this.#find(presented)
    if (record.status === 'used') throw new CodeUsed(record.room, id)
    return this.#admit(id, record, presented, isFull, roomInfo)
  }

  /** Turns a device into a session. Of many claims of one code one wins [PAIR-2]. */
  async claim(
    presented: Presented,
    who: { name: string; device: Device; claimKey?: string },
    isFull: IsFull,
    roomInfo = NOT_OPEN,
  ): Promise<Claimed> {
    const { id, record } = await this.#find(presented, (known) => this.#open.get(known))
    const claim = `${id}\0${who.claimKey ?? randomSecret()}`
    if (record.status === 'used')
      return this.#repeated(id, record, claim, who.claimKey === undefined ? 0 : REPEAT_TRIES)

    const found = await this.#admit(id, record, presented, isFull, roomInfo)
    this.#open.delete(id)
    // The same tombstone whoever writes it, so that a loser overwrites nothing that matters.
    const tombstone: UsedCode = {
      v: 1,
      status: 'used',
      room: record.room,
      secretHash: record.secretHash,
      expiresAt: record.expiresAt,
    }
    const before = readCode(await this.#store.exchange(codeKey(id), JSON.stringify(tombstone)), this.#warn)
    if (before === undefined) throw invalid()
    if (before.status === 'revoked') {
      await this.#store.exchange(codeKey(id), JSON.stringify(before))
      throw invalid()
    }
    if (before.status === 'used')
      return this.#repeated(id, before, claim, who.claimKey === undefined ? 0 : RACED_TRIES)

    const session = await this.#sessions.createClaimed(
      record.room,
      claim,
      { role: record.role, name: who.name, device: who.device },
      found.approvalNeeded
        ? { pairing: id, endsAt: record.expiresAt, presented: 'code' in presented ? 'typed' : 'scanned' }
        : undefined,
    )
    return this.#claimed(id, found.room, session, claim, false)
  }

  #idOf(typed: string): CodeId {
    return this.#secrets.hash('code', typed) as CodeId
  }

  /** @param known an open code as this instance remembers it, which saves reading it */
  async #find(
    presented: Presented,
    known?: (id: CodeId) => OpenCode | undefined,
  ): Promise<{ id: CodeId; record: OpenCode | UsedCode }> {
    const typed =
      'secret' in presented
        ? this.#secrets.typedForm(presented.secret)
        : presented.code.toUpperCase().replace(/[\s\p{Dash}]/gu, '')
    if (!TYPED.test(typed)) throw invalid()
    const id = this.#idOf(typed)
    const remembered = known?.(id)
    const record = remembered ?? readCode(await this.#store.get(codeKey(id)), this.#warn)
    if (record?.status !== 'open') this.#open.delete(id)
    else if (remembered === undefined) this.#open.set(id, record, this.#ttlMs)
    if (record === undefined || record.status === 'revoked') throw invalid()
    if (
      'secret' in presented &&
      !sameText(record.secretHash, this.#secrets.hash('scanned', presented.secret))
    ) {
      throw invalid()
    }
    return { id, record }
  }

  async #admit(
    id: CodeId,
    record: OpenCode,
    presented: Presented,
    isFull: IsFull,
    roomInfo: RoomInfo,
  ): Promise<FoundCode> {
    const room = roomInfo(record.room) ?? (await this.#rooms.find(record.room))
    if (room === undefined) throw invalid()
    if (room.locked)
      throw new Refusal('room_locked', 'The room is locked: its host lets nobody in right now.')
    if (await isFull(room)) throw new Refusal('room_full', 'The room has no place left.')
    const approvalNeeded = 'code' in presented || record.role === 'host' || room.approval === 'always'
    const expiresIn = Math.max(0, record.expiresAt - this.#clock.now())
    return { id, room, role: record.role, host: record.host, approvalNeeded, expiresIn }
  }

  /** Either the same claim once more, whose answer may have been lost, or somebody else's. */
  async #repeated(id: CodeId, record: UsedCode, claim: string, times: number): Promise<Claimed> {
    for (let tries = times; tries > 0; tries -= 1) {
      const session = await this.#sessions.claimedBefore(record.room, claim)
      const room = session && (await this.#rooms.find(record.room))
      if (session && room) return this.#claimed(id, room, session, claim, true)
      if (tries > 1) await new Promise<void>((resolve) => void this.#clock.after(REPEAT_EVERY_MS, resolve))
    }
    throw new CodeUsed(record.room, id)
  }

  #claimed(id: CodeId, room: Room, session: NewSession, claim: string, repeated: boolean): Claimed {
    const check = session.status === 'pending' ? { check: this.#secrets.checkNumber(claim) } : {}
    return { id, session, room, ...check, repeated }
  }
}
