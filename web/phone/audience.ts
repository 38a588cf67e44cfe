/** Who watches this camera: what the watchers say of it, checked against the connections that carry it. */
import { computed, effect, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import { readWatching } from '../lib/camera-state.ts'
import type { Client } from '../lib/client-types.ts'
import type { Disposer } from '../lib/disposer.ts'
import type { Sending } from '../lib/sending.ts'

export interface Audience {
  /** Watchers that have a picture now. */
  readonly watching: ReadonlySignal<number>
  /** Watchers whose page is open, with a picture or without. */
  readonly watchers: ReadonlySignal<number>
  /** Every watcher whose page is open tried and gets no picture. */
  readonly blocked: ReadonlySignal<boolean>
  readonly dispose: Disposer
}

export const followAudience = (
  client: Pick<Client, 'members' | 'active'>,
  camera: SessionId,
  sending: ReadonlySignal<Pick<Sending, 'peers'> | undefined>,
): Audience => {
  /** Connections over which a picture was seen: they count while the server, or its memory, is away. */
  const confirmed = new Set<string>()
  const peers = computed(() => [...(sending.value?.peers.value ?? [])])
  const told = (watcher: SessionId) => {
    const member = client.members.value.get(watcher)
    return member?.connected ? readWatching(member.state, camera) : undefined
  }
  const states = computed(() =>
    [...client.members.value.values()]
      .filter(({ role, connected }) => role !== 'camera' && connected)
      .map(({ id }) => told(id)),
  )
  // What was told belongs to a connection: before a reload it was another one.
  const watching = computed(
    () =>
      peers.value.filter(([watcher, peer]) => {
        if (peer.state.value.status !== 'connected') return false
        const said = told(watcher)
        return client.active.value && said !== undefined ? said === 'live' : confirmed.has(peer.pc)
      }).length,
  )
  const dispose = effect(() => {
    for (const [watcher, peer] of peers.value) {
      if (peer.state.value.status === 'connected' && told(watcher) === 'live') confirmed.add(peer.pc)
    }
  })
  return {
    watching,
    watchers: computed(() => states.value.length),
    blocked: computed(() => states.value.length > 0 && states.value.every((state) => state === 'failed')),
    dispose,
  }
}
