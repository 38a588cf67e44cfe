/** What a client believes of its room, by what the server told it. */
import type { ServerMessage } from '../../server/protocol/messages.ts'
import type { Member, Room } from '../../server/protocol/models.ts'

export class Knowledge {
  readonly members = new Map<string, Member>()
  roomName = ''
  /** Pairings that wait, for hosts. */
  readonly pairings = new Set<string>()
  /** The last own state that the server took; nothing since the seat is new. */
  ownState: unknown

  /** A welcome or an approval tells everything. */
  told(room: Room, members: readonly Member[]): void {
    this.roomName = room.name
    this.members.clear()
    for (const member of members) this.members.set(member.id, member)
  }

  /** The seat is new. */
  begin(): void {
    this.pairings.clear()
    this.ownState = undefined
  }

  /** The own state is not told to its member, who knows it. */
  changed(self: string, state: Record<string, unknown>): void {
    this.ownState = state
    const own = this.members.get(self)
    if (own !== undefined) this.members.set(self, { ...own, state })
  }

  heard(message: ServerMessage): void {
    switch (message.type) {
      case 'member-joined':
      case 'member-updated':
        this.members.set(message.member.id, message.member)
        break
      case 'member-left':
        this.members.delete(message.memberId)
        break
      case 'room-updated':
        this.roomName = message.room.name
        break
      case 'pairing-pending':
        this.pairings.add(message.pairing.id)
        break
      case 'pairing-done':
        // A used code that somebody tries says nothing of who waits with it.
        if (message.outcome !== 'reused') this.pairings.delete(message.pairing)
        break
      default:
        break
    }
  }
}
