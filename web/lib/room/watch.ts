/** One session that watches a room: its connection and its cameras. The dashboard and the viewer's page stand on it. */
import { computed, effect, untracked, type ReadonlySignal } from '@preact/signals'
import type { Api } from '../api.ts'
import { createClient } from '../client.ts'
import type { Client, ClosedReason } from '../client-types.ts'
import { disposers, type Disposer } from '../disposer.ts'
import { onWake } from '../page-events.ts'
import { createReceiving, type ChooseCameras, type Receiving } from '../receiving.ts'
import { directOff } from '../relay/reasons.ts'
import type { Seat } from '../seat.ts'

export interface Watch {
  readonly client: Client
  readonly cameras: Receiving
  readonly roomName: ReadonlySignal<string>
  /** Waits for a host's word: it sees nothing yet. */
  readonly pending: ReadonlySignal<boolean>
  /** The number to tell a host while this session waits for approval. */
  readonly check: string | undefined
  /** Connects now instead of after the pause that the client keeps. */
  tryNow: () => void
  dispose: Disposer
}

/** What is known of a connection that is over for good. */
export interface Closed {
  readonly reason: ClosedReason
  readonly roomName: string
  /** It was in the room, so somebody may have been looking at pictures. */
  readonly wasLive: boolean
  readonly wasPending: boolean
}

export interface WatchNeeds {
  api: Api
  seat: Seat
  token: string
  /** Shown until the server has told the room's name. */
  roomName: string
  /** The session can do nothing more, by itself or by a reconnect. */
  onClosed: (closed: Closed) => void
  /** Which cameras are received; all unless said. */
  choose?: ChooseCameras | undefined
  /** Does not count its connects: another place did, by another clock. */
  uncounted?: boolean
}

const socketUrl = () => `${location.protocol === 'http:' ? 'ws:' : 'wss:'}//${location.host}/ws`

/** Where `takeSeat` keeps the check number, so that it is still there after a reload. */
export const CHECK_NOTE = 'check'

/** Connects a stored session and receives every camera of its room. */
export function openWatch({
  api,
  seat,
  token,
  roomName,
  onClosed,
  choose,
  uncounted = false,
}: WatchNeeds): Watch {
  const note = seat.read()?.notes[CHECK_NOTE]
  const check = typeof note === 'string' ? note : undefined
  let wake: (() => void) | undefined
  const client = createClient({
    url: socketUrl(),
    token,
    nextAttempt: () => (uncounted ? undefined : seat.nextAttempt(token)),
    askSession: () => api.session(token),
    onWake: (awake) => {
      wake = awake
      return onWake(awake)
    },
  })
  const cameras = createReceiving({ client, directOff: directOff(), choose })
  const name = computed(() => client.room.value?.name ?? roomName)
  const pending = computed(() => {
    const own = client.self.value
    return own ? own.status === 'pending' : check !== undefined
  })
  let wasLive = false

  const stop = disposers(
    effect(() => {
      const known = client.room.value
      if (known) seat.update({ roomName: known.name })
    }),
    effect(() => {
      const own = client.self.value
      // Approved: the number has done its work, and a reload must not show it again.
      if (own?.status === 'active' && seat.read()?.token === token)
        seat.update({ notes: { [CHECK_NOTE]: null } })
    }),
    effect(() => {
      const state = client.state.value
      if (state.status === 'live' && !pending.value) wasLive = true
      if (state.status !== 'closed') return
      const closed = { reason: state.reason, roomName: name.peek(), wasLive, wasPending: pending.peek() }
      untracked(() => onClosed(closed))
    }),
  )
  client.connect()

  return {
    client,
    cameras,
    roomName: name,
    pending,
    check,
    tryNow: () => wake?.(),
    dispose: () => {
      // First, since the client says `left` when it is disposed of, which is no news to whoever does that.
      stop()
      cameras.dispose()
      client.dispose()
    },
  }
}
