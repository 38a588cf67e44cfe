/** Messages of the socket (docs/SPEC.md, section 4). Pages import the types alone. */
import { Type, type Static } from 'typebox'
import type { CodeId, CommandRef, CursorText, InstanceId, SessionId } from './ids.ts'
import { MAX_MESSAGE_ID } from './limits.ts'
import type { Device, IceServer, Member, Role, Room, Session, SessionStatus, StoreState } from './models.ts'
import { CodeIdSchema, MemberState, SessionIdSchema } from './models.ts'
import type { ReplyCode } from './problems.ts'

const MessageId = Type.Union([Type.String({ maxLength: MAX_MESSAGE_ID }), Type.Integer()])
/** What a client calls its own message, to find the `reply`. */
export type MessageId = Static<typeof MessageId>
const id = Type.Optional(MessageId)
const Ref = Type.Unsafe<CommandRef>(Type.String({ minLength: 1, maxLength: 64 }))

/** One schema for each message a client may send, keyed by its type. */
export const CLIENT_MESSAGES = {
  hello: Type.Object({
    type: Type.Literal('hello'),
    token: Type.String({ maxLength: 256 }),
    attempt: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    resume: Type.Optional(Type.String({ maxLength: 4096 })),
  }),
  signal: Type.Object({ type: Type.Literal('signal'), id, to: SessionIdSchema, data: Type.Unknown() }),
  message: Type.Object({
    type: Type.Literal('message'),
    id,
    to: Type.Optional(SessionIdSchema),
    data: Type.Unknown(),
  }),
  state: Type.Object({ type: Type.Literal('state'), id, state: MemberState }),
  command: Type.Object({
    type: Type.Literal('command'),
    id: MessageId,
    to: SessionIdSchema,
    name: Type.String({ minLength: 1, maxLength: 64 }),
    args: Type.Optional(Type.Unknown()),
  }),
  result: Type.Object({
    type: Type.Literal('result'),
    id,
    to: SessionIdSchema,
    ref: Ref,
    ok: Type.Boolean(),
    data: Type.Optional(Type.Unknown()),
    error: Type.Optional(Type.Unknown()),
  }),
  approve: Type.Object({
    type: Type.Literal('approve'),
    id: MessageId,
    pairing: CodeIdSchema,
    check: Type.String({ maxLength: 8 }),
  }),
  deny: Type.Object({ type: Type.Literal('deny'), id: MessageId, pairing: CodeIdSchema }),
  watch: Type.Object({ type: Type.Literal('watch'), id, camera: SessionIdSchema, on: Type.Boolean() }),
  'key-frame': Type.Object({ type: Type.Literal('key-frame'), id, camera: SessionIdSchema }),
  leave: Type.Object({ type: Type.Literal('leave') }),
  ping: Type.Object({ type: Type.Literal('ping'), t: Type.Optional(Type.Unknown()) }),
} as const

export type ClientMessageType = keyof typeof CLIENT_MESSAGES
export type ClientMessageOf<T extends ClientMessageType> = Static<(typeof CLIENT_MESSAGES)[T]>
export type ClientMessage = { [T in ClientMessageType]: ClientMessageOf<T> }[ClientMessageType]

/** What a connection may do, so that clients need not guess. Bytes, and messages a second. */
export interface Limits {
  textFrameBytes: number
  binaryFrameBytes: number
  signalBytes: number
  messageBytes: number
  stateBytes: number
  messagesPerSecond: number
  messageBurst: number
  roomMembers: number
}

/** The own member as `welcome` tells it. */
export type Self = Member & { status: SessionStatus }

export type LeaveReason = 'left' | 'lost' | 'kicked' | 'revoked' | 'instance-lost'
export type PairingOutcome = 'paired' | 'denied' | 'expired' | 'reused'

/** Whether a camera's relayed picture comes; `unreachable`: its instance cannot be reached from this one. */
export type RelayState = 'live' | 'waiting' | 'unreachable'

/** A claim that waits for a host's word, as hosts see it: what asks, and what approving makes of it. */
export interface WaitingClaim {
  id: CodeId
  device: Device
  name: string
  role: Role
  presented: 'scanned' | 'typed'
}

/** Room events: each carries the cursor behind it. */
export type RoomEvent =
  | { type: 'member-joined'; at: CursorText; member: Member }
  | { type: 'member-updated'; at: CursorText; member: Member }
  | { type: 'member-left'; at: CursorText; memberId: SessionId; reason: LeaveReason }
  | { type: 'signal'; at: CursorText; from: SessionId; data: unknown }
  | { type: 'message'; at: CursorText; from: SessionId; to?: SessionId; data: unknown }
  | { type: 'command'; at: CursorText; from: SessionId; ref: CommandRef; name: string; args: unknown }
  | {
      type: 'result'
      at: CursorText
      from: SessionId
      ref: CommandRef
      ok: boolean
      data?: unknown
      error?: unknown
    }
  | { type: 'pairing-pending'; at: CursorText; pairing: WaitingClaim }
  | {
      type: 'pairing-done'
      at: CursorText
      pairing: CodeId
      memberId?: SessionId
      outcome: PairingOutcome
    }
  | { type: 'room-updated'; at: CursorText; room: Room }

export type ServerMessage =
  | {
      type: 'welcome'
      protocol: number
      instance: InstanceId
      self: Self
      room: Room
      members: Member[]
      at: CursorText
      resumed: boolean
      /** Absent for a pending session. */
      iceServers?: IceServer[]
      limits: Limits
      resumeWindowMs: number
      store: StoreState
    }
  | RoomEvent
  | {
      type: 'approved'
      session: Session
      room: Room
      members: Member[]
      at: CursorText
      iceServers: IceServer[]
    }
  /**
   * To a camera: how many watch its relayed picture, whether one needs a key picture now, and whether the way is
   * slower than what it sends.
   */
  | { type: 'relay'; watchers: number; keyFrame: boolean; slow: boolean }
  /** To a watcher. */
  | { type: 'relay-state'; camera: SessionId; state: RelayState; reason?: string }
  | { type: 'service'; store: StoreState; reason?: string }
  | { type: 'ice-servers'; iceServers: IceServer[] }
  | { type: 'going-away'; reconnectInMs: number }
  | { type: 'reply'; id: MessageId; ok: true; at: CursorText; data?: unknown }
  | { type: 'reply'; id: MessageId; ok: false; code: ReplyCode; message: string }
  | { type: 'error'; code: ReplyCode; message: string }
  | { type: 'pong'; t?: unknown; now: string; at: CursorText }

export type ServerMessageType = ServerMessage['type']
export type ServerMessageOf<T extends ServerMessageType> = Extract<ServerMessage, { type: T }>
