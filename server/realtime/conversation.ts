import { every, type Clock, type Disposer } from '../domain/clock.ts'
import { partsOf, type Authenticated, type Sessions } from '../domain/sessions.ts'
import type { Rooms, StoredRoom } from '../domain/rooms.ts'
import type { CloseReason } from '../protocol/closes.ts'
import type { ConnectionId, InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import {
  HELLO_WITHIN,
  MAX_BINARY_FRAME,
  MAX_MESSAGE,
  MAX_SIGNAL,
  MAX_STATE,
  MAX_TEXT_FRAME,
  MESSAGE_BURST,
  MESSAGES_PER_SECOND,
  PROTOCOL_VERSION,
} from '../protocol/limits.ts'
import type {
  ClientMessage,
  ClientMessageOf,
  Limits,
  MessageId,
  ServerMessageOf,
} from '../protocol/messages.ts'
import { StoreUnavailable } from '../domain/refusal.ts'
import { SocketConnection, type ConnectionOptions, type Transport } from './connection.ts'
import { handle, type Failures, type Services } from './handlers/index.ts'
import type { Place } from './doorway.ts'
import type { Hub } from './hub.ts'
import type { IceServers } from './ice.ts'
import type { Return } from './entering.ts'
import { takeBinary } from './relay/binary.ts'
import type { Stills } from './relay/stills.ts'
import type { Room } from './room.ts'
import type { Received } from './validate.ts'
import { frame } from './wire.ts'

/** What every conversation of this instance shares. */
export interface Realtime extends Services {
  readonly hub: Hub
  readonly rooms: Rooms
  readonly sessions: Sessions
  readonly ice: IceServers
  readonly stills: Stills
  readonly clock: Clock
  readonly instance: InstanceId
  readonly resumeWindowMs: number
  readonly maxRoomMembers: number
  readonly rateLimits: boolean
  readonly log: ConnectionOptions['log'] & { error(fields: object, text: string): void }
}

type Phase =
  | { readonly name: 'greeting'; readonly deadline: Disposer }
  /** The session is being read; what the client sends meanwhile waits. */
  | { readonly name: 'opening'; readonly waiting: Received[] }
  | { readonly name: 'live'; readonly room: Room; readonly id: SessionId; readonly upkeep: Disposer }
  | { readonly name: 'closed' }

/** What a client may send before its welcome is out; its rate is bounded besides. */
const MAX_BEFORE_WELCOME = 1_000

/** One socket from its hello to its end: who speaks, in which room, and what becomes of each message. */
export class Conversation implements Failures {
  readonly #realtime: Realtime
  readonly #connection: SocketConnection
  #phase: Phase

  constructor(realtime: Realtime, transport: Transport) {
    this.#realtime = realtime
    const { clock, rateLimits, log } = realtime
    this.#phase = {
      name: 'greeting',
      deadline: clock.after(HELLO_WITHIN, () => this.#connection.close('no_hello')),
    }
    this.#connection = new SocketConnection(
      { ...transport, clock, rateLimits, log },
      {
        hello: (message) => void this.#hello(message),
        message: (received) => this.#message(received),
        media: (bytes) => this.#media(bytes),
        closed: () => this.#closed(),
      },
    )
    realtime.hub.sockets.opened(this.#connection)
  }

  get id(): ConnectionId {
    return this.#connection.id
  }

  async #hello(hello: ClientMessageOf<'hello'>): Promise<void> {
    if (this.#phase.name !== 'greeting') return
    this.#phase.deadline()
    const waiting: Received[] = []
    this.#phase = { name: 'opening', waiting }
    const parts = partsOf(hello.token)
    if (parts === undefined) {
      this.#connection.close('session_invalid')
      return
    }
    const { arrival, done } = this.#realtime.hub.arrivals.begin(parts.roomId, parts.id)
    const { hub, sessions } = this.#realtime
    let place: Place | undefined
    try {
      const asked = await this.#look(hello.token, parts.roomId, parts.id)
      if (this.#connection.closed) return
      if (typeof asked === 'string') {
        this.#connection.close(asked)
        return
      }
      const placed = await hub.place(asked.stored, asked.session, hello)
      if (typeof placed === 'string') {
        this.#connection.close(placed)
        return
      }
      place = placed
      if (this.#connection.closed) return
      // What was read while the claim waited may have been approved, or have expired, by now.
      const session = arrival.approved
        ? { ...place.session, record: arrival.approved, text: JSON.stringify(arrival.approved) }
        : place.session
      if (arrival.ended !== undefined) this.#connection.close(arrival.ended)
      else if (sessions.read(session.text) === undefined) this.#connection.close('session_invalid')
      else if (!hub.admits(asked.stored.room.id, session.id)) this.#connection.close('overloaded')
      else {
        const { room } = place
        if (arrival.changed !== undefined && arrival.changed.rev > room.rev) {
          room.info = arrival.changed.room
          room.rev = arrival.changed.rev
        }
        room.sessions.set(session.id, session)
        this.#enter(room, session, place.back, hello.token)
        for (const received of waiting) this.#message(received)
        await this.#renew(session)
      }
    } catch (error) {
      this.failed(error)
      this.#connection.close('overloaded')
    } finally {
      place?.done()
      done()
    }
  }

  /** The session and its room, or why the connection is to be closed. What is known here costs the store nothing. */
  async #look(
    token: string,
    roomId: RoomId,
    id: SessionId,
  ): Promise<{ session: Authenticated; stored: StoredRoom } | CloseReason> {
    const { hub, sessions, rooms } = this.#realtime
    // Coming in reads the session once more where instances share it.
    const known = hub.isShared ? hub.seated(roomId, id) : undefined
    const here = known && sessions.proves(token, known.session)
    if (known !== undefined && here !== undefined && sessions.read(here.text) !== undefined)
      return { session: here, stored: known.stored }
    let session = await (hub.isShared ? sessions.preauthenticate(token) : sessions.authenticate(token))
    const stored = (hub.isShared ? hub.stored(roomId) : undefined) ?? (await rooms.read(roomId))
    if (stored === 'deleted') return 'room_gone'
    // It may have been approved while it was read, and what was read have expired.
    session ??= await sessions.authenticate(token)
    if (stored !== undefined && session !== undefined) return { session, stored }
    return hub.isReturning && !(await sessions.isOver(token)) ? 'overloaded' : 'session_invalid'
  }

  #enter(room: Room, session: Authenticated, back: Return, token: string): void {
    const { record, id } = session
    const visitor = { id, role: record.role, name: record.name, device: record.device }
    if (record.status === 'pending') {
      if (room.enterPending(visitor, this.#connection, back) === 'superseded') {
        this.#connection.close('connected_elsewhere')
        return
      }
      this.#live(room, id, this.#upkeep(room, id, token))
      const joinedAt = new Date(this.#realtime.clock.now()).toISOString()
      const member = { ...visitor, connected: true, joinedAt, state: {} }
      this.#connection.send(
        frame({
          ...this.#greeting(room),
          self: { ...member, status: 'pending' },
          members: [],
          at: room.at,
          resumed: false,
        }),
      )
      return
    }
    const entered = room.enter(visitor, this.#connection, back)
    const member = room.member(id)
    if (entered.kind === 'superseded' || member === undefined) {
      this.#connection.close('connected_elsewhere')
      return
    }
    this.#live(room, id, this.#upkeep(room, id, token))
    this.#connection.send(
      frame({
        ...this.#greeting(room),
        self: { ...member, status: 'active' },
        members: room.members(),
        at: entered.at,
        resumed: entered.resumed,
        iceServers: this.#realtime.ice.for(id),
      }),
    )
    for (const missed of entered.missed) this.#connection.send(missed)
    if (record.role === 'host' && !entered.resumed)
      this.#realtime.hub.hosts.tellPending(room, this.#connection)
  }

  #live(room: Room, id: SessionId, upkeep: Disposer): void {
    this.#phase = { name: 'live', room, id, upkeep }
    this.#realtime.hub.arrivals.settled(room.id, id)
    this.#realtime.log.info({ conn: this.#connection.id, room: room.id, member: id }, 'session connected')
  }

  #greeting(
    room: Room,
  ): Pick<
    ServerMessageOf<'welcome'>,
    'type' | 'protocol' | 'instance' | 'room' | 'limits' | 'resumeWindowMs' | 'store'
  > {
    const { instance, resumeWindowMs } = this.#realtime
    return {
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      instance,
      room: room.info,
      limits: this.#limits(),
      resumeWindowMs,
      store: this.#realtime.hub.store.store,
    }
  }

  #limits(): Limits {
    return {
      textFrameBytes: MAX_TEXT_FRAME,
      binaryFrameBytes: MAX_BINARY_FRAME,
      signalBytes: MAX_SIGNAL,
      messageBytes: MAX_MESSAGE,
      stateBytes: MAX_STATE,
      messagesPerSecond: MESSAGES_PER_SECOND,
      messageBurst: MESSAGE_BURST,
      roomMembers: this.#realtime.maxRoomMembers,
    }
  }

  /** What a long connection needs from time to time: fresh TURN credentials before the old ones end, and its life. */
  #upkeep(room: Room, id: SessionId, token: string): Disposer {
    const { ice, clock, sessions } = this.#realtime
    const refreshIce = () => {
      const as = room.speaksAs(id, this.#connection)
      if (as !== undefined && as !== 'pending') {
        this.#connection.send(frame({ type: 'ice-servers', iceServers: ice.for(id) }))
      }
    }
    const timers = [
      every(clock, sessions.renewEveryMs, () => void this.#renewToken(token)),
      ...(ice.renewAfterMs === undefined ? [] : [every(clock, ice.renewAfterMs, refreshIce)]),
    ]
    return () => {
      for (const dispose of timers) dispose()
    }
  }

  async #renewToken(token: string): Promise<void> {
    try {
      const session = await this.#realtime.sessions.authenticate(token)
      if (session !== undefined) await this.#renew(session)
    } catch (error) {
      // The next round renews as well.
      this.failed(error)
    }
  }

  async #renew(session: Authenticated): Promise<void> {
    const { sessions, rooms } = this.#realtime
    try {
      await sessions.renew(session)
      await rooms.renew(session.roomId)
    } catch (error) {
      // The next hello or round renews as well.
      this.failed(error)
    }
  }

  #message(received: Received): void {
    const { message, bytes, dataText } = received
    const phase = this.#phase
    if (phase.name === 'opening') {
      if (phase.waiting.length < MAX_BEFORE_WELCOME) phase.waiting.push(received)
      else this.#connection.refuse(idOf(message), 'rate_limited', 'Too many messages before the welcome.')
      return
    }
    if (phase.name !== 'live' || this.#connection.closed) return
    const speaksAs = phase.room.speaksAs(phase.id, this.#connection)
    if (speaksAs === undefined) return
    handle(message, {
      services: this.#realtime,
      room: phase.room,
      id: phase.id,
      connection: this.#connection,
      bytes,
      dataText,
      role: speaksAs === 'pending' ? undefined : speaksAs,
      failures: this,
    })
  }

  #media(bytes: Uint8Array): boolean {
    const phase = this.#phase
    return phase.name === 'live' && takeBinary(this.#realtime, phase.room, phase.id, this.#connection, bytes)
  }

  #closed(): void {
    const phase = this.#phase
    this.#phase = { name: 'closed' }
    this.#realtime.hub.sockets.closed(this.#connection)
    if (phase.name === 'greeting') phase.deadline()
    if (phase.name !== 'live') return
    phase.upkeep()
    this.#realtime.relay.left(phase.room.id, this.#connection)
    phase.room.dropped(phase.id, this.#connection)
  }

  /** Of a handler, or of what this does itself. */
  failed(error: unknown): void {
    const log = error instanceof StoreUnavailable ? this.#realtime.log.warn : this.#realtime.log.error
    log.call(this.#realtime.log, { conn: this.#connection.id, err: error }, 'a message could not be handled')
  }
}

const idOf = (message: ClientMessage): MessageId | undefined => ('id' in message ? message.id : undefined)
