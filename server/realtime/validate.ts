import { Compile } from 'typebox/compile'
import {
  CLIENT_MESSAGES,
  type ClientMessage,
  type ClientMessageOf,
  type MessageId,
} from '../protocol/messages.ts'
import type { SessionId } from '../protocol/ids.ts'
import { MAX_MESSAGE_ID } from '../protocol/limits.ts'

/** A sound message. */
export interface Received {
  readonly ok: true
  readonly message: ClientMessage
  /** Of the whole frame, in characters. */
  readonly bytes: number
  /** The JSON text of a message's or a signal's `data` as its sender wrote it, where it is known: it can be passed on as it is. */
  readonly dataText: string | undefined
}

/** What became of a text frame. */
export type Parsed =
  | Received
  /** Not JSON, or of no known type: counts towards 4400. */
  | { ok: false; kind: 'unknown'; reason: string }
  /** A known type with a wrong field: answered, under its `id` where it has one. */
  | { ok: false; kind: 'unsound'; reason: string; id?: MessageId }

interface Validator {
  Check(value: unknown): boolean
  Errors(value: unknown): readonly { instancePath: string; message: string }[]
}

const VALIDATORS: ReadonlyMap<string, Validator> = new Map(
  Object.entries(CLIENT_MESSAGES).map(([type, schema]) => [type, Compile(schema) as unknown as Validator]),
)

/** Deeper values would exhaust the stack where they are written out again [SEC-6]. */
const MAX_DEPTH = 64

/** Whether a JSON text opens more than `most` arrays and objects; brackets inside of texts count too. */
function opensMore(text: string, most: number): boolean {
  let left = most
  for (let at = 0; at < text.length; at += 1) {
    // The bit that `[` and `{` differ in.
    if ((text.charCodeAt(at) | 0x20) === 0x7b) {
      if (left === 0) return true
      left -= 1
    }
  }
  return false
}

/** Whether arrays and objects of a parsed JSON text nest deeper than so many levels. */
function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((part) => nestsDeeper(part, levels - 1))
  for (const key in value) {
    if (nestsDeeper((value as Record<string, unknown>)[key], levels - 1)) return true
  }
  return false
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const soundId = (id: unknown): MessageId | undefined =>
  (typeof id === 'string' && id.length <= MAX_MESSAGE_ID) || Number.isSafeInteger(id)
    ? (id as MessageId)
    : undefined

/** Longer ones are written anew, so that blanks in them do not travel. Characters. */
const MOST_PLAIN = 2_048

/** How a message or a signal begins when its data stands last, which is how clients write it. */
const PLAIN =
  /^\{"type":"(message|signal)"(?:,"id":(?:(0|[1-9]\d{0,14})|"([\w-]{0,64})"))?(?:,"to":"([\w-]{1,64})")?,"data":/

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads a message or a signal in its plain form, parsing its data alone; nothing where it is in no such form. */
function plainMessage(text: string): Received | undefined {
  if (text.length > MOST_PLAIN || !text.endsWith('}')) return undefined
  const match = PLAIN.exec(text)
  if (match === null) return undefined
  const dataText = text.slice(match[0].length, -1)
  // Where further fields follow the data, this is no JSON text.
  const data = parsed(dataText)
  if (data === undefined || opensMore(text, MAX_DEPTH)) return undefined
  const [, type, number, name, to] = match
  if (type === 'signal' && to === undefined) return undefined
  const id = number === undefined ? (name as MessageId | undefined) : Number(number)
  const message: ClientMessageOf<'message' | 'signal'> =
    type === 'signal' ? { type, to: to as SessionId, data } : { type: 'message', data }
  if (id !== undefined) message.id = id
  if (to !== undefined) message.to = to as SessionId
  return { ok: true, message, bytes: text.length, dataText }
}

/** Reads one text frame of a client. Never throws. */
export function parseClientMessage(text: string): Parsed {
  const plain = plainMessage(text)
  if (plain !== undefined) return plain
  const value = parsed(text)
  if (value === undefined) return { ok: false, kind: 'unknown', reason: 'The frame is not JSON.' }
  if (!isRecord(value) || typeof value['type'] !== 'string') {
    return { ok: false, kind: 'unknown', reason: 'The frame is not an object with a type.' }
  }
  const type = value['type']
  const validator = VALIDATORS.get(type)
  if (validator === undefined) {
    return {
      ok: false,
      kind: 'unknown',
      reason: `There is no message of type ${JSON.stringify(type.slice(0, 64))}.`,
    }
  }
  const id = soundId(value['id'])
  const known = id === undefined ? {} : { id }
  if (!validator.Check(value)) {
    const first = validator.Errors(value)[0]
    const where = first?.instancePath === '' ? '' : ` ${first?.instancePath.slice(1)}`
    return {
      ok: false,
      kind: 'unsound',
      reason: `${type}:${where} ${first?.message ?? 'is not valid'}.`,
      ...known,
    }
  }
  // Looking at the text costs least, and few texts open so many.
  if (opensMore(text, MAX_DEPTH) && nestsDeeper(value, MAX_DEPTH)) {
    return { ok: false, kind: 'unsound', reason: `${type}: nests deeper than ${MAX_DEPTH} levels.`, ...known }
  }
  // Messages that take no id are not answered under one, whatever stands there.
  if (id === undefined && 'id' in value) delete value['id']
  return { ok: true, message: value as unknown as ClientMessage, bytes: text.length, dataText: undefined }
}
