/** Bodies of the HTTP API (docs/SPEC.md, section 3). */
import { Type, type Static } from 'typebox'
import { MAX_NAME, MIN_CLAIM_KEY } from './limits.ts'
import {
  Approval,
  Device,
  Member,
  Milliseconds,
  Name,
  NewSession,
  oneOf,
  PairingCode,
  Role,
  Room,
  Session,
} from './models.ts'

export const CreateRoom = Type.Object({
  name: Type.Optional(Name),
  deviceName: Type.Optional(Name),
  approval: Type.Optional(Approval),
})
export type CreateRoom = Static<typeof CreateRoom>

export const RoomCreated = Type.Object({ room: Room, session: NewSession })
export type RoomCreated = Static<typeof RoomCreated>

export const SessionView = Type.Object({ session: Session, room: Room, members: Type.Array(Member) })
export type SessionView = Static<typeof SessionView>

export const RoomView = Type.Object({ room: Room, members: Type.Array(Member) })
export type RoomView = Static<typeof RoomView>

export const UpdateRoom = Type.Object({
  name: Type.Optional(Name),
  locked: Type.Optional(Type.Boolean()),
  approval: Type.Optional(Approval),
})
export type UpdateRoom = Static<typeof UpdateRoom>

export const RoomOnly = Type.Object({ room: Room })
export const SessionList = Type.Object({ sessions: Type.Array(Session) })
export type SessionList = Static<typeof SessionList>

export const IssueCode = Type.Object({
  role: Type.Optional(Role),
  address: Type.Optional(
    Type.String({
      maxLength: 64,
      description:
        "One of the addresses of GET /api/lan: which of the machine's own addresses the url leads to",
    }),
  ),
})
export type IssueCode = Static<typeof IssueCode>
export const CodeIssued = PairingCode
export type CodeIssued = PairingCode

const scanned = {
  secret: Type.String({ minLength: 1, maxLength: 128, description: 'From the fragment of the url' }),
}
const typed = {
  code: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'As typed; case, spaces and dash are ignored',
  }),
}
const claim = {
  claimKey: Type.Optional(
    Type.String({
      minLength: MIN_CLAIM_KEY,
      maxLength: 128,
      description: 'Random; makes the claim repeatable',
    }),
  ),
  deviceName: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_NAME })),
}

export const PreviewPairing = Type.Union([Type.Object(scanned), Type.Object(typed)])
export type PreviewPairing = Static<typeof PreviewPairing>

export const PairingPreview = Type.Object({
  room: Type.Object({ name: Type.String() }),
  host: Type.Object({ device: Device }),
  role: Role,
  approvalNeeded: Type.Boolean(),
  expiresInMs: Milliseconds("Rest of the code's life"),
})
export type PairingPreview = Static<typeof PairingPreview>

export const ClaimPairing = Type.Union([
  Type.Object({ ...scanned, ...claim }),
  Type.Object({ ...typed, ...claim }),
])
export type ClaimPairing = Static<typeof ClaimPairing>

export const Paired = Type.Object({
  session: NewSession,
  room: Room,
  check: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]$', description: 'Shown on the claiming device alone' }),
  ),
})
export type Paired = Static<typeof Paired>

/** RFC 9457 problem details with a stable code. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
})
export type Problem = Static<typeof Problem>

export const Readiness = Type.Object({
  status: oneOf(['ok', 'degraded'] as const),
  store: oneOf(['memory', 'upstash', 'redis'] as const),
  instance: Type.String(),
  rooms: Type.Integer(),
  members: Type.Integer(),
  uptimeMs: Milliseconds('Since the start of the process'),
  version: Type.String(),
})
export type Readiness = Static<typeof Readiness>

/** How phones on the same network reach this machine; no addresses and no `trust` where LAN https is off. */
export const LanInfo = Type.Object({
  addresses: Type.Array(
    Type.Object({
      address: Type.String({ description: 'IP address or .local name' }),
      network: Type.String({ description: 'Name of the network card' }),
      url: Type.String({ description: 'Base of the URLs in QR codes when this address is chosen' }),
    }),
  ),
  trust: Type.Optional(
    Type.Object({
      fingerprint: Type.String({
        description: "SHA-256 of the authority's certificate, hex pairs with colons",
      }),
      paths: Type.Object({ page: Type.String(), certificate: Type.String(), profile: Type.String() }),
      httpPort: Type.Integer({
        description: 'Where the trust page is reached before the authority is trusted',
      }),
    }),
  ),
})
export type LanInfo = Static<typeof LanInfo>

export const StunInfo = Type.Object({
  urls: Type.Array(Type.String({ description: 'stun: URL of a server that answers without credentials' })),
})
export type StunInfo = Static<typeof StunInfo>

export type TrustInfo = NonNullable<LanInfo['trust']>
