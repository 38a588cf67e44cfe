/** Who watches this camera: what the watchers say of it, checked against the connections that carry it. */
import { computed, effect, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import { readWatcher } from '../lib/camera-state.ts'
import type { Client } from '../lib/client-types.ts'
import type { Disposer } from '../lib/disposer.ts'
import type { Via } from '../lib/relay/reasons.ts'
import type { Sending } from '../lib/sending.ts'

export interface Audience {
  /** Watchers that have a picture now. */
  readonly watching: ReadonlySignal<number>
  /** Watchers whose page is open, with a picture or without. */
  readonly watchers: ReadonlySignal<number>
  /** Every watcher whose page is open tried and gets no picture. */
  readonly blocked: ReadonlySignal<boolean>
  /** Why one of those that have a picture does not have it directly; undefined where all have. */
  readonly via: ReadonlySignal<Via | undefined>
  readonly dispose: Disposer
}

export const followAudience = (
  client: Pick<Client, 'members' | 'active'>,
  camera: SessionId,
  sending: ReadonlySignal<Pick<Sending, 'peers'> | undefined>,
  /** Pictures leave for the server. */
  relaying: ReadonlySignal<boolean>,
): Audience => {
  /** Connections over which a picture was seen: they count while the server, or its memory, is away. */
  const confirmed = new Set<string>()
  const peers = computed(() => [...(sending.value?.peers.value ?? [])])
  const words = (watcher: SessionId) => {
    const member = client.members.value.get(watcher)
    return member?.connected ? readWatcher(member.state, camera) : undefined
  }
  const told = (watcher: SessionId) => words(watcher)?.watching
  const states = computed(() =>
    [...client.members.value.values()]
      .filter(({ role, connected }) => role !== 'camera' && connected)
      .map(({ id }) => told(id)),
  )
  // What was told belongs to a connection: before a reload it was another one.
  const direct = computed(() =>
    peers.value
      .filter(([watcher, peer]) => {
        if (peer.state.value.status !== 'connected') return false
        const said = told(watcher)
        return client.active.value && said !== undefined ? said === 'live' : confirmed.has(peer.pc)
      })
      .map(([watcher]) => watcher),
  )
  // Through the server nothing arrives while it is away, whoever said what before.
  const relayed = computed(() =>
    relaying.value && client.active.value
      ? [...client.members.value.keys()].filter((id) => {
          const said = words(id)
          return said?.watching === 'live' && said.via !== undefined && said.via !== 'turn'
        })
      : [],
  )
  const seeing = computed(() => [...new Set([...direct.value, ...relayed.value])])
  const watching = computed(() => seeing.value.length)
  const dispose = effect(() => {
    for (const [watcher, peer] of peers.value) {
      if (peer.state.value.status === 'connected' && told(watcher) === 'live') confirmed.add(peer.pc)
    }
  })
  return {
    watching,
    watchers: computed(() => states.value.length),
    via: computed(() => seeing.value.map((id) => words(id)?.via).find((via) => via !== undefined)),
    blocked: computed(() => states.value.length > 0 && states.value.every((state) => state === 'failed')),
    dispose,
  }
}
