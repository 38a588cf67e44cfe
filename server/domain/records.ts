import { Type, type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Approval, Device, Role, RoomIdSchema, CodeIdSchema } from '../protocol/models.ts'

/** Rises when a stored value changes its meaning; readers treat what they do not know as absent [STORE-6]. */
const version = { v: Type.Literal(1) }
const Milliseconds = Type.Integer({ minimum: 0 })

const LiveRoom = Type.Object({
  ...version,
  name: Type.String(),
  approval: Approval,
  locked: Type.Boolean(),
  createdAt: Milliseconds,
  /** How many changes it has seen; absent: none. */
  rev: Type.Optional(Type.Integer({ minimum: 0 })),
})
export type LiveRoom = Static<typeof LiveRoom>
/** What stays of a deleted room, so that those who come back to it learn why it is gone. */
const GoneRoom = Type.Object({ ...version, gone: Type.Literal(true) })
export type GoneRoom = Static<typeof GoneRoom>
const RoomRecord = Type.Union([LiveRoom, GoneRoom])

const seat = {
  ...version,
  role: Role,
  name: Type.String(),
  device: Device,
  tokenHash: Type.String(),
  createdAt: Milliseconds,
  /** Pending: when the claim ends. Active: when the seat ends unless it is renewed. */
  expiresAt: Milliseconds,
}
const ActiveSession = Type.Object({ ...seat, status: Type.Literal('active') })
const PendingSession = Type.Object({
  ...seat,
  status: Type.Literal('pending'),
  pairing: CodeIdSchema,
  /** How it came; absent in rows of earlier versions. */
  presented: Type.Optional(Type.Union([Type.Literal('scanned'), Type.Literal('typed')])),
  checkHash: Type.String(),
})
export type PendingSession = Static<typeof PendingSession>
/** What stays of a revoked session, so that nothing written before or besides brings it back [STORE-4]. */
const GoneSession = Type.Object({ ...version, gone: Type.Literal(true), expiresAt: Milliseconds })
export type GoneSession = Static<typeof GoneSession>
const SessionRow = Type.Union([ActiveSession, PendingSession, GoneSession])
export type SessionRecord = Exclude<Static<typeof SessionRow>, GoneSession>

const code = { ...version, room: RoomIdSchema, expiresAt: Milliseconds }
const OpenCode = Type.Object({
  ...code,
  status: Type.Literal('open'),
  role: Role,
  secretHash: Type.String(),
  host: Device,
})
export type OpenCode = Static<typeof OpenCode>
/** What stays of a used code until it would have expired, so that a second claim is told apart [PAIR-7]. */
const UsedCode = Type.Object({ ...code, status: Type.Literal('used'), secretHash: Type.String() })
export type UsedCode = Static<typeof UsedCode>
/** What stays of a revoked code: a claim that is under way must not use it all the same. */
const RevokedCode = Type.Object({ ...code, status: Type.Literal('revoked') })
export type RevokedCode = Static<typeof RevokedCode>
const CodeRecord = Type.Union([OpenCode, UsedCode, RevokedCode])
export type CodeRecord = Static<typeof CodeRecord>

/** Told of stored values that cannot be read. */
export type Warn = (what: string) => void

export const reader = <T extends TSchema>(kind: string, schema: T) => {
  const validator = Compile(schema)
  return (text: string | undefined, warn: Warn): Static<T> | undefined => {
    if (text === undefined) return undefined
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      warn(`a stored ${kind} is not JSON and is treated as absent`)
      return undefined
    }
    if (validator.Check(value)) return value
    warn(`a stored ${kind} has an unknown shape or version and is treated as absent`)
    return undefined
  }
}

export const readRoom = reader('room', RoomRecord)
export const readCode = reader('pairing code', CodeRecord)
const readSessionRow = reader('session', SessionRow)

/** A session that may be used; what stays of a revoked one is absent to everybody who asks. */
export function readSession(text: string | undefined, warn: Warn): SessionRecord | undefined {
  const row = readSessionRow(text, warn)
  return row === undefined || 'gone' in row ? undefined : row
}

/** Whether a session's row is what stays of a revoked one. */
export function isRevoked(text: string | undefined): boolean {
  const row = readSessionRow(text, () => undefined)
  return row !== undefined && 'gone' in row
}
