/** Shapes that HTTP and the socket share. Schemas validate, type and document at once. */
import { Type, type Static } from 'typebox'
import type { CodeId, RoomId, SessionId } from './ids.ts'
import { MAX_NAME } from './limits.ts'

/** A text that is one of the given ones; an enum reads better in OpenAPI than a union of constants. */
const oneOf = <const T extends readonly string[]>(values: T, options: { description?: string } = {}) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })
const id = <T extends string>(description: string) =>
  Type.Unsafe<T>(Type.String({ minLength: 1, maxLength: 64, description }))

export const RoomIdSchema = id<RoomId>('Room id')
export const SessionIdSchema = id<SessionId>('Session id, which is the member id too')
export const CodeIdSchema = id<CodeId>('Pairing code id (not the code)')
export const Name = Type.String({ minLength: 1, maxLength: MAX_NAME })
const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' })
const Milliseconds = (description: string) => Type.Integer({ minimum: 0, description })

const ROLES = ['host', 'viewer', 'camera'] as const
export const Role = oneOf(ROLES, {
  description: 'host sees, controls and invites; viewer sees; camera sends',
})
export type Role = Static<typeof Role>

const APPROVALS = ['typed', 'always'] as const
export const Approval = oneOf(APPROVALS, {
  description: 'Which camera and viewer claims a host must approve',
})
export type Approval = Static<typeof Approval>

export const DEVICE_KINDS = ['phone', 'tablet', 'desktop', 'unknown'] as const
export const Device = Type.Object({
  kind: oneOf(DEVICE_KINDS),
  browser: Type.String(),
  os: Type.String(),
})
export type Device = Static<typeof Device>

export const Room = Type.Object({
  id: RoomIdSchema,
  name: Type.String(),
  approval: Approval,
  locked: Type.Boolean(),
  createdAt: Timestamp,
})
export type Room = Static<typeof Room>

const SESSION_STATUSES = ['active', 'pending'] as const
export const SessionStatus = oneOf(SESSION_STATUSES)
export type SessionStatus = Static<typeof SessionStatus>

export const Session = Type.Object({
  id: SessionIdSchema,
  role: Role,
  name: Type.String(),
  status: SessionStatus,
  expiresAt: Timestamp,
})
export type Session = Static<typeof Session>

export const NewSession = Type.Object({
  ...Session.properties,
  token: Type.String({ description: 'Given once; sent as bearer and in hello' }),
})
export type NewSession = Static<typeof NewSession>

/** What a member tells about itself; free JSON, merged by RFC 7396. */
export const MemberState = Type.Record(Type.String(), Type.Unknown())
export type MemberState = Static<typeof MemberState>

export const Member = Type.Object({
  id: SessionIdSchema,
  role: Role,
  name: Type.String(),
  device: Device,
  connected: Type.Boolean(),
  joinedAt: Timestamp,
  state: MemberState,
})
export type Member = Static<typeof Member>

/** A pairing code as its host sees it. */
export const PairingCode = Type.Object({
  id: CodeIdSchema,
  role: Role,
  code: Type.String({ description: 'To be typed, XXXX-XXXX' }),
  url: Type.String({ description: 'To be scanned; the secret stands in the fragment' }),
  qrSvg: Type.String({ description: 'The url as an SVG document' }),
  issuedAt: Timestamp,
  expiresAt: Timestamp,
  expiresInMs: Milliseconds('Rest of its life, for clients whose clock is off'),
})
export type PairingCode = Static<typeof PairingCode>

/** RTCIceServer of the WebRTC specification, as far as it goes over the wire. */
export const IceServer = Type.Object({
  urls: Type.Union([Type.String(), Type.Array(Type.String())]),
  username: Type.Optional(Type.String()),
  credential: Type.Optional(Type.String()),
})
export type IceServer = Static<typeof IceServer>

export const StoreState = oneOf(['shared', 'degraded', 'memory'] as const)
export type StoreState = Static<typeof StoreState>

export { oneOf, Milliseconds }
