/**
 * Events of one origin as they stand in the room's stored log and travel to other instances: a header in JSON, then the
 * text of each event, with record separators between (RFC 7464; JSON never holds the sign unescaped). The texts are not
 * written into the header, since escaping them anew would cost more than all else.
 */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { CodeId, CommandRef, InstanceId, RoomId, SessionId } from '../protocol/ids.ts'
import type { EntryId, Origin } from './cursor.ts'
import { ALL, HOSTS, type Audience, type Speaker } from './log.ts'

/** What instances must know of an event besides its text. */
export type Concern =
  | {
      readonly kind: 'command'
      readonly ref: CommandRef
      readonly host: SessionId
      readonly camera: SessionId
    }
  | { readonly kind: 'result'; readonly ref: CommandRef }
  /** A claim waits; it ends at a time of the wall clock. */
  | {
      readonly kind: 'pending'
      readonly pairing: CodeId
      readonly session: SessionId
      readonly endsAt: number
    }
  /** A host that was let in is told of a claim that waits. */
  | { readonly kind: 'retold'; readonly pairing: CodeId }
  /** A waiting claim was decided. */
  | {
      readonly kind: 'decided'
      readonly pairing: CodeId
      readonly session: SessionId
      readonly outcome: 'paired' | 'denied' | 'expired'
    }

/** An event that waits for its place. */
export interface Outgoing {
  /** JSON text without its last brace. */
  readonly open: string
  /** Absent: the server itself. */
  readonly from: SessionId | undefined
  readonly audience: Audience
  readonly speaker: Speaker | undefined
  readonly concern?: Concern | undefined
  /** The first event of a seat that moved here: earlier ones of its sender may be on their way from elsewhere. */
  readonly moved?: boolean
}

export interface Batch {
  readonly room: RoomId
  readonly origin: Origin
  readonly instance: InstanceId
  /** The number of the first event; the others follow. */
  readonly first: number
  /** Numbers before the first are missing for good. */
  readonly cut: boolean
  /** The origin's entry before this one, where it ends with the number before the first. */
  readonly after?: EntryId
  /** The instance has nobody in the room. */
  readonly outside?: boolean
  readonly events: readonly Outgoing[]
}

const SEPARATOR = '\u001e'
const VERSION = 'E1'
/** Of one batch. */
export const MOST_EVENTS = 128

const Concerns = Type.Union([
  Type.Object({
    kind: Type.Literal('command'),
    ref: Type.String(),
    host: Type.String(),
    camera: Type.String(),
  }),
  Type.Object({ kind: Type.Literal('result'), ref: Type.String() }),
  Type.Object({
    kind: Type.Literal('pending'),
    pairing: Type.String(),
    session: Type.String(),
    endsAt: Type.Number(),
  }),
  Type.Object({ kind: Type.Literal('retold'), pairing: Type.String() }),
  Type.Object({
    kind: Type.Literal('decided'),
    pairing: Type.String(),
    session: Type.String(),
    outcome: Type.Union([Type.Literal('paired'), Type.Literal('denied'), Type.Literal('expired')]),
  }),
])

/** Short names: this is the larger part of a short message. */
const Header = Type.Object({
  r: Type.String(),
  o: Type.String(),
  i: Type.String(),
  n: Type.Integer({ minimum: 1 }),
  x: Type.Optional(Type.Literal(1)),
  /** Others learn so what the store called the entry before, which was told before it had a name. */
  p: Type.Optional(Type.String({ pattern: '^\\d{1,20}-\\d{1,20}$' })),
  u: Type.Optional(Type.Literal(1)),
  e: Type.Array(
    Type.Object({
      /** From whom, by which attempt of which chain. */
      f: Type.Optional(Type.String()),
      a: Type.Optional(Type.Integer()),
      s: Type.Optional(Type.Integer()),
      /** To whom: a member, or 0 for hosts; absent: all. */
      t: Type.Optional(Type.Union([Type.String(), Type.Literal(0)])),
      m: Type.Optional(Type.Literal(1)),
      c: Type.Optional(Concerns),
      /** So many events in a row are the same in all that. */
      k: Type.Optional(Type.Integer({ minimum: 2, maximum: MOST_EVENTS })),
    }),
  ),
})
const header = Compile(Header)
type Head = Static<typeof Header>['e'][number]

const audienceCode = (audience: Audience): string | 0 | undefined =>
  audience.kind === 'all' ? undefined : audience.kind === 'hosts' ? 0 : audience.id

const audienceOf = (code: string | 0 | undefined): Audience =>
  code === undefined ? ALL : code === 0 ? HOSTS : { kind: 'member', id: code as SessionId }

function headOf({ from, audience, speaker, concern, moved }: Outgoing): Head {
  const head: Head = {}
  if (from !== undefined) head.f = from
  if (speaker !== undefined) {
    head.a = speaker.attempt
    head.s = speaker.since
  }
  const t = audienceCode(audience)
  if (t !== undefined) head.t = t
  if (moved === true) head.m = 1
  if (concern !== undefined) head.c = concern
  return head
}

/** Whether two events differ in their texts alone. */
const isAlike = (a: Head, b: Head): boolean =>
  a.f === b.f &&
  a.a === b.a &&
  a.s === b.s &&
  a.t === b.t &&
  a.m === b.m &&
  a.c === undefined &&
  b.c === undefined

/** What is said of events; those in a row that are alike are spoken of once. */
function headsOf(events: readonly Outgoing[]): Head[] {
  const heads: Head[] = []
  let last: Head | undefined
  for (const event of events) {
    const head = headOf(event)
    if (last !== undefined && isAlike(last, head)) last.k = (last.k ?? 1) + 1
    else heads.push((last = head))
  }
  return heads
}

export function batchText({ room, origin, instance, first, cut, after, outside, events }: Batch): string {
  const parts: string[] = [VERSION, '']
  for (const { open } of events) parts.push(open)
  parts[1] = JSON.stringify({
    r: room,
    o: origin,
    i: instance,
    n: first,
    ...(cut ? { x: 1 } : {}),
    ...(after === undefined ? {} : { p: after }),
    ...(outside === true ? { u: 1 } : {}),
    e: headsOf(events),
  })
  return parts.join(SEPARATOR)
}

/** An entry that says nothing but that an opening of a room is there. */
export const emptyBatchText = (room: RoomId, origin: Origin, instance: InstanceId): string =>
  batchText({ room, origin, instance, first: 1, cut: false, events: [] })

/** Whether a text is meant to be a batch, of whatever version. */
export const isBatch = (text: string): boolean => /^E\d/.test(text)

/** The events that heads and texts make; nothing where they do not belong together. */
function eventsOf(heads: readonly Head[], texts: readonly string[]): Outgoing[] | undefined {
  const events: Outgoing[] = []
  for (const { f, a, s, t, m, c, k = 1 } of heads) {
    const from = f as SessionId | undefined
    const audience = audienceOf(t)
    const speaker = a === undefined || s === undefined ? undefined : { attempt: a, since: s }
    for (let left = k; left > 0; left -= 1) {
      const open = texts[events.length]
      if (open === undefined) return undefined
      events.push({ open, from, audience, speaker, concern: c as Concern | undefined, moved: m === 1 })
    }
  }
  return events.length === texts.length ? events : undefined
}

/** Reads a batch; nothing where it is damaged or of an unknown version [STORE-6]. */
export function readBatch(text: string): Batch | undefined {
  const [version, head = '', ...texts] = text.split(SEPARATOR)
  if (version !== VERSION) return undefined
  let value: unknown
  try {
    value = JSON.parse(head)
  } catch {
    return undefined
  }
  if (!header.Check(value)) return undefined
  const events = eventsOf(value.e, texts)
  if (events === undefined) return undefined
  return {
    room: value.r as RoomId,
    origin: value.o as Origin,
    instance: value.i as InstanceId,
    first: value.n,
    cut: value.x === 1,
    ...(value.p === undefined ? {} : { after: value.p }),
    outside: value.u === 1,
    events,
  }
}
