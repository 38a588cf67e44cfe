/** The room as a client knows it, kept true by the server's messages. */
import { batch, signal, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Limits, Self, ServerMessage } from '../../server/protocol/messages.ts'
import type { IceServer, Member, MemberState, Room, StoreState } from '../../server/protocol/models.ts'

export type Members = ReadonlyMap<SessionId, Member>

export interface RoomModel {
  /** Undefined before the first welcome. After a drop all keep what was known last. */
  readonly self: ReadonlySignal<Self | undefined>
  readonly room: ReadonlySignal<Room | undefined>
  /** Everybody in the room, the own member too. */
  readonly members: ReadonlySignal<Members>
  readonly iceServers: ReadonlySignal<readonly IceServer[]>
  readonly store: ReadonlySignal<{ readonly state: StoreState; readonly reason?: string } | undefined>
  readonly limits: ReadonlySignal<Limits | undefined>
}

export const createRoomModel = (): RoomModel & {
  apply(message: ServerMessage): void
  /** The own state as it was sent, since presence of oneself is not echoed. */
  ownState(state: MemberState): void
} => {
  const self = signal<Self | undefined>(undefined)
  const room = signal<Room | undefined>(undefined)
  const members = signal<Members>(new Map())
  const iceServers = signal<readonly IceServer[]>([])
  const store = signal<{ state: StoreState; reason?: string } | undefined>(undefined)
  const limits = signal<Limits | undefined>(undefined)

  const snapshot = (list: readonly Member[]) => {
    members.value = new Map(list.map((member) => [member.id, member]))
  }
  const put = (member: Member) => {
    members.value = new Map(members.peek()).set(member.id, member)
  }

  const apply = (message: ServerMessage) => {
    switch (message.type) {
      case 'welcome':
        self.value = message.self
        room.value = message.room
        limits.value = message.limits
        store.value = { state: message.store }
        if (message.iceServers) iceServers.value = message.iceServers
        snapshot(message.members)
        return
      case 'approved': {
        const own = message.members.find((member) => member.id === message.session.id)
        const known = own ?? self.peek()
        if (known) self.value = { ...known, name: message.session.name, status: message.session.status }
        room.value = message.room
        iceServers.value = message.iceServers
        snapshot(message.members)
        return
      }
      case 'member-joined':
      case 'member-updated':
        put(message.member)
        return
      case 'member-left': {
        const rest = new Map(members.peek())
        if (rest.delete(message.memberId)) members.value = rest
        return
      }
      case 'room-updated':
        room.value = message.room
        return
      case 'service':
        store.value =
          message.reason === undefined
            ? { state: message.store }
            : { state: message.store, reason: message.reason }
        return
      case 'ice-servers':
        iceServers.value = message.iceServers
        return
      default:
        return
    }
  }

  return {
    self,
    room,
    members,
    iceServers,
    store,
    limits,
    apply: (message) => batch(() => apply(message)),
    ownState(state) {
      const own = self.peek()
      if (!own) return
      batch(() => {
        self.value = { ...own, state }
        const { status: _, ...member } = { ...own, state }
        if (members.peek().has(own.id)) put(member)
      })
    },
  }
}
