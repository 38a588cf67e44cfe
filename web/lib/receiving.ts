/**
 * The watcher's side of the pictures: one feed for each camera of the room, which asks for a connection, asks
 * again when it breaks, and tells the camera what is seen (`watching`, camera-state.ts).
 */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Member } from '../../server/protocol/models.ts'
import { MAX_WATCHED, type WatchState, type WatcherReport } from './camera-state.ts'
import type { Client } from './client-types.ts'
import { disposers } from './disposer.ts'
import { createFeed, type Feed } from './feed.ts'
import type { PeerOptions } from './peer.ts'
import { readPeerSignal } from './peer-signals.ts'
import { isFinalLeave } from './sending.ts'

export type { Feed, FeedState } from './feed.ts'

export interface Receiving {
  /** By the camera's member id, in the order they came. A lost camera's feed stays while its picture moves. */
  readonly feeds: ReadonlySignal<ReadonlyMap<SessionId, Feed>>
  dispose(): void
}

const watchStateOf = (feed: Feed): WatchState | undefined => {
  const { status } = feed.state.value
  return status === 'waiting' || status === 'ended' ? undefined : status
}

/** Receives every camera of the client's room. */
export const createReceiving = (deps: {
  client: Client
  peerOptions?: Pick<PeerOptions, 'createConnection' | 'iceTransportPolicy' | 'onNetworkChange'>
}): Receiving => {
  const { client } = deps
  const feeds = signal<ReadonlyMap<SessionId, Feed>>(new Map())
  /** Cameras that said good-bye: their picture is of no interest even where it still moves. */
  const left = new Set<SessionId>()

  const remove = (id: SessionId) => {
    const rest = new Map(feeds.peek())
    rest.get(id)?.dispose()
    if (rest.delete(id)) feeds.value = rest
  }
  const put = (member: Member) => {
    left.delete(member.id)
    const feed = feeds.peek().get(member.id)
    if (feed) feed.update(member)
    else feeds.value = new Map(feeds.peek()).set(member.id, createFeed({ ...deps, member }))
  }

  const stop = disposers(
    client.on('member-left', ({ memberId, reason }) => {
      if (isFinalLeave(reason)) left.add(memberId)
    }),
    client.on('signal', ({ from, data }) => {
      const message = readPeerSignal(data)
      if (message) feeds.peek().get(from)?.receive(message)
    }),
    effect(() => {
      const members = client.members.value
      untracked(() => {
        for (const member of members.values()) if (member.role === 'camera') put(member)
      })
    }),
    effect(() => {
      const members = client.members.value
      for (const [id, feed] of feeds.value) {
        const gone = !members.has(id) && (left.has(id) || feed.state.value.status !== 'live')
        if (gone) queueMicrotask(() => remove(id))
      }
    }),
  )
  const report = computed(() => {
    const watching: Record<string, WatchState> = {}
    for (const [id, feed] of [...feeds.value].slice(0, MAX_WATCHED)) {
      const state = watchStateOf(feed)
      if (state) watching[id] = state
    }
    return JSON.stringify({ watching } satisfies WatcherReport)
  })
  let told: WatcherReport['watching'] = {}
  stop.add(
    effect(() => {
      const { watching } = JSON.parse(report.value) as WatcherReport
      const gone = Object.keys(told)
        .filter((id) => !(id in watching))
        .map((id) => [id, null])
      told = watching
      untracked(() => client.setState({ watching: { ...Object.fromEntries(gone), ...watching } }))
    }),
  )

  return {
    feeds,
    dispose() {
      stop()
      for (const id of feeds.peek().keys()) remove(id)
    },
  }
}
