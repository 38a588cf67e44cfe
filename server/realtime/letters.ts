/** What instances say to each other besides events. Lines of JSON with a version; unknown ones are passed over. */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { SeatName } from '../domain/shared-rooms.ts'
import type { InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import { Device, Member, MemberState, Role, Room } from '../protocol/models.ts'
import type { LeaveReason } from '../protocol/messages.ts'
import type { Origin } from './cursor.ts'

const text = <T extends string = string>() => Type.Unsafe<T>(Type.String({ minLength: 1, maxLength: 256 }))
const version = { v: Type.Literal(1), from: text<InstanceId>() }
const inRoom = { ...version, room: text<RoomId>() }
/** How many rooms the sender had opened with the one of which it speaks: letters overtake those of earlier openings. */
const opening = { opening: Type.Optional(Type.Integer()) }
/** The opening of the room that a letter speaks of, and its rising number among what it tells of its seats. */
const numbered = {
  ...inRoom,
  ...opening,
  origin: text<Origin>(),
  pn: Type.Integer(),
  /** The latest change of the room that the sender knows: who knows less reads it. */
  rev: Type.Optional(Type.Integer()),
}

/** A seat as the instance that holds it tells of it. */
const RemoteSeat = Type.Object({
  id: text<SessionId>(),
  /** Its row in the store. */
  key: text<SeatName>(),
  attempt: Type.Integer(),
  since: Type.Integer(),
  starts: Type.Array(Type.Object({ origin: text<Origin>(), seat: Type.Integer() })),
  connected: Type.Boolean(),
  /** It waits for approval: no member yet. */
  pending: Type.Boolean(),
  joinedAt: Type.Number(),
  role: Role,
  name: Type.String(),
  device: Device,
  state: MemberState,
})
export type RemoteSeat = Static<typeof RemoteSeat>

const REASONS = ['left', 'lost', 'kicked', 'revoked', 'instance-lost', 'moved'] as const
/** Why a seat is gone; `moved`: its session has a newer one elsewhere. */
export type SeatEnd = LeaveReason | 'moved'

const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] })

/** Every seat of the sender, how far its events go that are logged, who left up to which attempt lately, and where it is reached for media. */
const list = {
  ...numbered,
  seats: Type.Array(RemoteSeat),
  n: Type.Integer(),
  left: Type.Optional(Type.Array(Type.Object({ id: text<SessionId>(), attempt: Type.Integer() }))),
  url: Type.Optional(text()),
}

const LETTERS = {
  /** Tells its list and asks for one. */
  greet: Type.Object({ t: Type.Literal('greet'), ...list }),
  answer: Type.Object({ t: Type.Literal('answer'), ...list }),
  /** A seat is new or changed. */
  seat: Type.Object({ t: Type.Literal('seat'), ...numbered, seat: RemoteSeat }),
  gone: Type.Object({
    t: Type.Literal('gone'),
    ...numbered,
    id: text<SessionId>(),
    attempt: Type.Integer(),
    why: oneOf(REASONS),
  }),
  /** How far events and tellings of seats go: what was missed is asked for. */
  counts: Type.Object({ t: Type.Literal('counts'), ...numbered, n: Type.Integer() }),
  /** The sender has nobody in the room any more; `stay`: its members keep their seats for the resume window. */
  bye: Type.Object({ t: Type.Literal('bye'), ...numbered, stay: Type.Boolean() }),
  /** The sender was sent something of a room it does not have open. */
  absent: Type.Object({ t: Type.Literal('absent'), ...inRoom, ...opening }),
  /** Asks who is in a room that is not open at the sender. */
  ask: Type.Object({ t: Type.Literal('ask'), ...inRoom, ref: text() }),
  members: Type.Object({ t: Type.Literal('members'), ...inRoom, ref: text(), members: Type.Array(Member) }),
  /** A session ended. */
  end: Type.Object({
    t: Type.Literal('end'),
    ...inRoom,
    id: text<SessionId>(),
    ending: oneOf(['kicked', 'revoked', 'left', 'denied'] as const),
  }),
  'room-gone': Type.Object({ t: Type.Literal('room-gone'), ...inRoom }),
  room: Type.Object({ t: Type.Literal('room'), ...inRoom, info: Room, rev: Type.Integer() }),
  ping: Type.Object({ t: Type.Literal('ping'), ...version }),
  pong: Type.Object({ t: Type.Literal('pong'), ...version }),
  /** To itself: whether its own inbox is heard. */
  echo: Type.Object({ t: Type.Literal('echo'), ...version, n: Type.Integer() }),
  /** The receiver was taken for dead. */
  obituary: Type.Object({ t: Type.Literal('obituary'), ...version }),
} as const

type LetterType = keyof typeof LETTERS
export type LetterOf<T extends LetterType> = Static<(typeof LETTERS)[T]>
export type Letter = { [T in LetterType]: LetterOf<T> }[LetterType]
/** Letters about one room. */
export type RoomLetter = Extract<Letter, { room: RoomId }>
/** A letter before the version and the sender are written on it. */
export type Draft<L = Letter> = L extends unknown ? Omit<L, 'v' | 'from'> : never

/** What a letter of an opening has in common with its others. */
export interface Numbers {
  readonly room: RoomId
  readonly opening: number
  readonly origin: Origin
  readonly pn: number
  readonly rev: number
}

/** Every seat of an instance, and how far its events go. */
export type List = Numbers & Pick<LetterOf<'greet'>, 'seats' | 'n' | 'left' | 'url'>

const CHECKS = new Map(Object.entries(LETTERS).map(([type, schema]) => [type, Compile(schema)]))

export const letterText = (from: InstanceId, draft: Draft): string => JSON.stringify({ v: 1, from, ...draft })

/** Reads a letter; nothing where it is damaged, or of an unknown kind or version [STORE-6]. */
export function readLetter(line: string): Letter | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('t' in value) || typeof value.t !== 'string')
    return undefined
  return CHECKS.get(value.t)?.Check(value) === true ? (value as Letter) : undefined
}
