import type { SharedRooms } from '../domain/shared-rooms.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'

/** Other instances that hold seats of a room, as the store knows them. @throws StoreUnavailable */
export async function holders(
  room: RoomId,
  { shared, instance }: { readonly shared: SharedRooms; readonly instance: InstanceId },
): Promise<ReadonlySet<InstanceId>> {
  const seats = await shared.seats(room)
  const others = new Set(seats.flatMap((seat) => (seat.lost === undefined ? seat.instance : [])))
  others.delete(instance)
  return others
}
