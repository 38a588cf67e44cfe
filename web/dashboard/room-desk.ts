import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { CodeId, SessionId } from '../../server/protocol/ids.ts'
import type { Device, Room } from '../../server/protocol/models.ts'
import type { Api } from '../lib/api.ts'
import { createClient } from '../lib/client.ts'
import type { Client } from '../lib/client-types.ts'
import { disposers, type Disposer } from '../lib/disposer.ts'
import { RequestError } from '../lib/outbox.ts'
import { createReceiving, type Receiving } from '../lib/receiving.ts'
import type { Seat } from '../lib/seat.ts'
import { watchActivity } from './activity.ts'
import { explain } from './failure.ts'
import type { Lan } from './lan.ts'
import { keepCode, type CodeKeeper } from './pairing-code.ts'

/** Nobody is expected to scan after so long without input [MED-2]. */
const IDLE_AFTER = 10 * 60_000

/** A claim that waits for this host's word. */
export interface Claim {
  id: CodeId
  device: Device
  name: string
}

/** One session in one room, with all the page shows of it. */
export interface RoomDesk {
  readonly client: Client
  readonly code: CodeKeeper
  readonly cameras: Receiving
  readonly claims: ReadonlySignal<readonly Claim[]>
  readonly roomName: ReadonlySignal<string>
  /** The number to read to a host, while this session itself waits for approval. */
  readonly check: string | undefined
  rename: (name: string) => Promise<void>
  remove: (member: SessionId) => Promise<void>
  /** Resolves to whether the number was right; a wrong one ends the claim. */
  approve: (claim: CodeId, check: string) => Promise<boolean>
  decline: (claim: CodeId) => Promise<void>
  deleteRoom: () => Promise<void>
  signOut: () => Promise<void>
  dispose: Disposer
}

interface Needs {
  api: Api
  seat: Seat
  lan: Lan
  token: string
  roomName: string
  check?: string | undefined
}

const socketUrl = () => `${location.protocol === 'http:' ? 'ws:' : 'wss:'}//${location.host}/ws`

/** Takes the seat of a session: connects, keeps a pairing code in view and receives the cameras. */
export function openRoomDesk({ api, seat, lan, token, roomName, check }: Needs): RoomDesk {
  const client = createClient({
    url: socketUrl(),
    token,
    nextAttempt: () => seat.nextAttempt(token),
    askSession: () => api.session(token),
  })
  const activity = watchActivity(IDLE_AFTER)
  const code = keepCode({
    present: activity.present,
    explain,
    issue: () => {
      const address = lan.chosen.value
      return api.issueCode(token, address === undefined ? {} : { address })
    },
  })
  const cameras = createReceiving({ client })
  const claims = signal<readonly Claim[]>([])
  const renamed = signal<Room>()
  const name = computed(() => renamed.value?.name ?? client.room.value?.name ?? roomName)
  const settle = (id: CodeId) => {
    claims.value = claims.value.filter((claim) => claim.id !== id)
  }

  const dispose = disposers(
    client.dispose,
    activity.dispose,
    code.dispose,
    cameras.dispose,
    client.on('pairing-pending', ({ pairing }) => {
      code.spent(pairing.id)
      settle(pairing.id)
      claims.value = [...claims.value, pairing]
    }),
    client.on('pairing-done', ({ pairing }) => {
      code.spent(pairing)
      settle(pairing)
    }),
    effect(() => {
      const known = client.room.value
      if (known) seat.update({ roomName: known.name })
      renamed.value = undefined
    }),
  )
  client.connect()

  return {
    client,
    code,
    cameras,
    claims,
    roomName: name,
    check,
    rename: async (wanted) => {
      renamed.value = (await api.updateRoom(token, { name: wanted })).room
    },
    remove: (member) => api.kick(token, member),
    approve: async (claim, number) => {
      try {
        await client.approve(claim, number)
        return true
      } catch (error) {
        if (error instanceof RequestError && error.code === 'check_wrong') return false
        throw error
      } finally {
        settle(claim)
      }
    },
    decline: async (claim) => {
      await client.deny(claim)
      settle(claim)
    },
    deleteRoom: () => api.deleteRoom(token),
    signOut: () => api.signOut(token),
    dispose,
  }
}
