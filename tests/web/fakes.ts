/** A socket in place of the browser's, and messages as a server sends them. */
import type { CursorText, InstanceId, RoomId, SessionId } from '../../server/protocol/ids.ts'
import type { Self, ServerMessage, ServerMessageOf } from '../../server/protocol/messages.ts'
import type { Member, Role, Room } from '../../server/protocol/models.ts'
import type { SocketLike } from '../../web/lib/client.ts'

export class FakeSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  readonly url: string
  readonly protocol: string
  binaryType: BinaryType = 'blob'
  bufferedAmount = 0
  readonly sent: Record<string, unknown>[] = []
  readonly pictures: Uint8Array[] = []
  closedByClient = false

  constructor(url: string, protocol: string) {
    this.url = url
    this.protocol = protocol
  }

  send(data: string | Uint8Array<ArrayBuffer>) {
    if (typeof data === 'string') this.sent.push(JSON.parse(data) as Record<string, unknown>)
    else this.pictures.push(data)
  }

  close() {
    this.closedByClient = true
  }

  /** The upgrade succeeded. */
  open() {
    this.onopen?.(new Event('open') as never)
  }

  deliver(message: ServerMessage) {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(message) }) as never)
  }

  deliverPicture(bytes: Uint8Array<ArrayBuffer>) {
    this.onmessage?.(new MessageEvent('message', { data: bytes.buffer }) as never)
  }

  /** The other side, or the network, ended it. */
  drop(code: number) {
    this.onclose?.({ code } as never)
  }

  ofType(type: string) {
    return this.sent.filter((message) => message['type'] === type)
  }
}

/** What a browser keeps for a page; `broken` as in a private window. */
export class FakeStorage implements Storage {
  readonly entries = new Map<string, string>()
  broken = false
  get length() {
    return this.entries.size
  }
  clear() {
    this.entries.clear()
  }
  key() {
    return null
  }
  getItem(key: string) {
    return this.entries.get(key) ?? null
  }
  removeItem(key: string) {
    this.entries.delete(key)
  }
  setItem(key: string, value: string) {
    if (this.broken) throw new DOMException('full', 'QuotaExceededError')
    this.entries.set(key, value)
  }
}

export const sessionId = (text: string) => text as SessionId
export const at = (text: string) => text as CursorText

export const room: Room = {
  id: 'room' as RoomId,
  name: 'Kitchen table',
  approval: 'typed',
  locked: false,
  createdAt: '2026-01-01T00:00:00.000Z',
}

export const member = (id: string, role: Role = 'camera', more: Partial<Member> = {}): Member => ({
  id: sessionId(id),
  role,
  name: id,
  device: { kind: 'phone', browser: 'Chrome', os: 'Android' },
  connected: true,
  joinedAt: '2026-01-01T00:00:00.000Z',
  state: {},
  ...more,
})

export const welcome = (
  more: Partial<ServerMessageOf<'welcome'>> = {},
  self: Partial<Self> = {},
): ServerMessageOf<'welcome'> => {
  const own: Self = { ...member('me'), status: 'active', ...self }
  const { status, ...mine } = own
  return {
    type: 'welcome',
    protocol: 1,
    instance: 'instance' as InstanceId,
    self: own,
    room,
    members: status === 'active' ? [mine, member('desk', 'host')] : [],
    at: at('a1'),
    resumed: false,
    limits: {
      textFrameBytes: 65_536,
      binaryFrameBytes: 524_288,
      signalBytes: 32_768,
      messageBytes: 16_384,
      stateBytes: 4_096,
      messagesPerSecond: 20,
      messageBurst: 60,
      roomMembers: 200,
    },
    resumeWindowMs: 30_000,
    store: 'memory',
    ...(status === 'active' ? { iceServers: [{ urls: 'stun:stun.example' }] } : {}),
    ...more,
  }
}
