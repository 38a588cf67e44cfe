import { Compile } from 'typebox/compile'
import { CLIENT_MESSAGES, type ClientMessage, type MessageId } from '../protocol/messages.ts'
import { MAX_MESSAGE_ID } from '../protocol/limits.ts'

/** What became of a text frame. */
export type Parsed =
  | { ok: true; message: ClientMessage; bytes: number }
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

/** How deep arrays and objects nest in a JSON text that was parsed without error. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (inString) {
      if (unit === 0x5c) at += 1
      else if (unit === 0x22) inString = false
    } else if (unit === 0x22) inString = true
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1
  }
  return deepest
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const soundId = (id: unknown): MessageId | undefined =>
  (typeof id === 'string' && id.length <= MAX_MESSAGE_ID) || Number.isSafeInteger(id)
    ? (id as MessageId)
    : undefined

/** Reads one text frame of a client. Never throws. */
export function parseClientMessage(text: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, kind: 'unknown', reason: 'The frame is not JSON.' }
  }
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
  // A text of this length cannot nest deeper.
  if (text.length > 2 * MAX_DEPTH && depthOf(text) > MAX_DEPTH) {
    return { ok: false, kind: 'unsound', reason: `${type}: nests deeper than ${MAX_DEPTH} levels.`, ...known }
  }
  // Messages that take no id are not answered under one, whatever stands there.
  if (id === undefined) delete value['id']
  return { ok: true, message: value as unknown as ClientMessage, bytes: text.length }
}
