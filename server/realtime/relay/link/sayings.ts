/** What the two ends of a link say to each other; pictures go beside it as binary frames. */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { InstanceId, RoomId } from '../../../protocol/ids.ts'
import { SessionIdSchema } from '../../../protocol/models.ts'
import { NONCE_LENGTH } from './proof.ts'

const id = <T extends string>() => Type.Unsafe<T>(Type.String({ minLength: 1, maxLength: 64 }))

const SAYINGS = {
  introduction: Type.Object({
    t: Type.Literal('introduction'),
    v: Type.Literal(1),
    nonce: Type.String({ minLength: NONCE_LENGTH, maxLength: NONCE_LENGTH }),
    instance: id<InstanceId>(),
  }),
  proof: Type.Object({
    t: Type.Literal('proof'),
    proof: Type.String({ minLength: NONCE_LENGTH, maxLength: NONCE_LENGTH }),
  }),
  /** By the opener, once both are proven, and whenever it changes. */
  wish: Type.Object({
    t: Type.Literal('wish'),
    room: id<RoomId>(),
    camera: SessionIdSchema,
    watchers: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    keyFrame: Type.Boolean(),
    slow: Type.Boolean(),
  }),
} as const

export type Saying = { [T in keyof typeof SAYINGS]: Static<(typeof SAYINGS)[T]> }[keyof typeof SAYINGS]

const CHECKS = new Map(Object.entries(SAYINGS).map(([type, schema]) => [type, Compile(schema)]))

/** Longer ones are none. Characters. */
const MOST = 1_024

export const sayingText = (saying: Saying): string => JSON.stringify(saying)

/** Reads what the other end said; nothing where it is unsound in any way. Never throws. */
export function readSaying(bytes: Uint8Array): Saying | undefined {
  if (bytes.length > MOST) return undefined
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('t' in value) || typeof value.t !== 'string')
    return undefined
  return CHECKS.get(value.t)?.Check(value) === true ? (value as Saying) : undefined
}
