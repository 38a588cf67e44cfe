import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { UpdateRoom } from '../../server/protocol/api.ts'
import type { CodeId, SessionId } from '../../server/protocol/ids.ts'
import type { Role, Room, Session } from '../../server/protocol/models.ts'
import type { Api } from '../lib/api.ts'
import { disposers } from '../lib/disposer.ts'
import { explain } from '../lib/room/explain.ts'
import { openWatch, type Watch, type WatchNeeds } from '../lib/room/watch.ts'
import { createDirector, type Director } from '../lib/direction/director.ts'
import { toast } from '../lib/ui/toast.tsx'
import { watchActivity } from './activity.ts'
import { keepClaims, type Claims } from './claims.ts'
import type { Lan } from './lan.ts'
import { createAlbum } from './stills/album.ts'
import { openStills, type Photos, type StillDesk } from './stills/desk.ts'
import { keepCode, type CodeKeeper } from './pairing-code.ts'
import { makeWallLink, type WallLink } from './wall-link.ts'

/** Nobody is expected to scan after so long without input [MED-2]. */
const IDLE_AFTER = 10 * 60_000

/** One host's session in one room, with all the page shows of it. */
export interface RoomDesk extends Watch {
  /** As the last change from here left it, even before the server's echo. */
  readonly room: ReadonlySignal<Room | undefined>
  /** For each role a code that lets one device in. */
  readonly codes: Readonly<Record<Role, CodeKeeper>>
  readonly claims: Claims
  /** Asks cameras to do something. */
  readonly director: Director
  /** Photos that cameras took. */
  readonly stills: StillDesk
  /** What a code makes of a device, for codes that this page showed. */
  roleOf: (code: CodeId) => Role | undefined
  update: (change: UpdateRoom) => Promise<void>
  /** Every session of the room, absent ones too. */
  sessions: () => Promise<readonly Session[]>
  remove: (member: SessionId) => Promise<void>
  /** A link for OBS or a wall, whose session has this name. */
  makeLink: (name: string) => Promise<WallLink>
  deleteRoom: () => Promise<void>
  /** Ends all but the photos that are here, which the caller disposes of. */
  leave: () => Photos
}

interface Needs extends WatchNeeds {
  /** Of the session. */
  id: SessionId
  api: Api
  lan: Lan
}

/** Takes the seat of a host: watches, keeps pairing codes in view and answers claims. */
export function openRoomDesk(needs: Needs): RoomDesk {
  const { api, seat, lan, token } = needs
  const watch = openWatch(needs)
  const { client } = watch
  const activity = watchActivity(IDLE_AFTER)
  const issued = new Map<CodeId, Role>()
  const keep = (role: Role) =>
    keepCode({
      present: activity.present,
      explain,
      issue: async () => {
        const address = lan.chosen.value
        const code = await api.issueCode(token, { role, ...(address === undefined ? {} : { address }) })
        issued.set(code.id, role)
        return code
      },
    })
  const codes: Record<Role, CodeKeeper> = {
    camera: keep('camera'),
    viewer: keep('viewer'),
    host: keep('host'),
  }
  const claims = keepClaims(client)
  const director = createDirector(client)
  const stills = openStills({
    client,
    director,
    cameras: watch.cameras,
    roomName: watch.roomName,
    album: createAlbum(needs.id),
  })
  const changed = signal<Room>()
  const room = computed(() => changed.value ?? client.room.value)

  const spent = (id: CodeId) => {
    for (const keeper of Object.values(codes)) keeper.spent(id)
  }
  const stop = disposers(
    activity.dispose,
    ...Object.values(codes).map((keeper) => keeper.dispose),
    claims.dispose,
    director.dispose,
    client.on('pairing-pending', ({ pairing }) => spent(pairing.id)),
    client.on('pairing-done', ({ pairing, outcome }) => {
      spent(pairing)
      if (outcome === 'reused') toast('Somebody tried a code that was already used. It let nobody in.')
    }),
    effect(() => {
      if (client.room.value) changed.value = undefined
    }),
  )

  const leave = (): Photos => {
    stop()
    watch.dispose()
    return stills.leave()
  }

  return {
    ...watch,
    roomName: computed(() => changed.value?.name ?? watch.roomName.value),
    room,
    codes,
    claims,
    director,
    stills,
    roleOf: (id) => issued.get(id),
    update: async (change) => {
      const answer = await api.updateRoom(token, change)
      changed.value = answer.room
      seat.update({ roomName: answer.room.name })
    },
    sessions: async () => (await api.sessions(token)).sessions,
    remove: (member) => api.kick(token, member),
    makeLink: (name) => makeWallLink({ api, token, client, claims, address: lan.chosen.value }, name),
    deleteRoom: () => api.deleteRoom(token),
    leave,
    dispose: () => leave().dispose(),
  }
}
