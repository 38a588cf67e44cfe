/**
 * The watcher's side of the pictures: one feed for each camera of the room, which asks for a connection, asks
 * again when it breaks, and tells the camera what is seen (`watching`, camera-state.ts).
 */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import type { Member } from '../../server/protocol/models.ts'
import { MAX_WATCHED, type WatchState, type WatcherReport } from './camera-state.ts'
import { disposers } from './disposer.ts'
import { createFeed, type Feed, type FeedOptions } from './feed.ts'
import { readPeerSignal } from './peer-signals.ts'
import { FAMILIES } from './relay/codecs.ts'
import type { Via } from './relay/reasons.ts'
import type { LoadInbox, RelayInbox } from './relay/relayed.ts'
import { createShown } from './relay/shown.ts'
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

/** What is told no more, as a merge patch takes it back (RFC 7396). */
const takenBack = (before: object, now: object): Record<string, null> =>
  Object.fromEntries(
    Object.keys(before)
      .filter((id) => !(id in now))
      .map((id) => [id, null]),
  )

/** Which of a room's cameras are to be received. */
export type ChooseCameras = (cameras: readonly Member[]) => readonly Member[]

const ALL: ChooseCameras = (cameras) => cameras

/** Receives the cameras of the client's room: all, or those that are chosen. */
export const createReceiving = (
  deps: Omit<FeedOptions, 'loadInbox'> & {
    readonly loadInbox?: LoadInbox
    readonly choose?: ChooseCameras | undefined
  },
): Receiving => {
  const { client, choose = ALL } = deps
  let inbox: RelayInbox | undefined
  let disposed = false
  const shown = createShown()
  /** One for all cameras. */
  const openInbox: LoadInbox = async () => {
    // What this browser shows is told before the first picture is asked for.
    const [module] = await Promise.all([import('./relay/inbox.ts'), shown.asked])
    if (disposed) throw new Error('Nobody watches any more')
    inbox ??= module.openInbox(client, shown)
    return inbox
  }
  const loadInbox = deps.loadInbox ?? openInbox
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
    else feeds.value = new Map(feeds.peek()).set(member.id, createFeed({ ...deps, loadInbox, member }))
  }

  const chosen = computed(() =>
    choose([...client.members.value.values()].filter(({ role }) => role === 'camera')),
  )
  const stop = disposers(
    client.on('member-left', ({ memberId, reason }) => {
      if (isFinalLeave(reason)) left.add(memberId)
    }),
    client.on('signal', ({ from, data }) => {
      const message = readPeerSignal(data)
      if (message) feeds.peek().get(from)?.receive(message)
    }),
    effect(() => {
      const cameras = chosen.value
      untracked(() => {
        for (const member of cameras) put(member)
      })
    }),
    effect(() => {
      const members = client.members.value
      const wanted = new Set(chosen.value.map(({ id }) => id))
      for (const [id, feed] of feeds.value) {
        const gone = members.has(id) ? !wanted.has(id) : left.has(id) || feed.state.value.status !== 'live'
        if (gone) queueMicrotask(() => remove(id))
      }
    }),
  )
  const report = computed(() => {
    const watching: Record<string, WatchState> = {}
    const via: Record<string, Via> = {}
    for (const [id, feed] of [...feeds.value].slice(0, MAX_WATCHED)) {
      const state = watchStateOf(feed)
      if (!state) continue
      watching[id] = state
      if (feed.via.value) via[id] = feed.via.value
    }
    return JSON.stringify({ watching, via } satisfies WatcherReport)
  })
  let told: WatcherReport = { watching: {}, via: {} }
  stop.add(
    effect(() => {
      const shows = shown.families.value
      if (shows.length < FAMILIES.length) untracked(() => client.setState({ shows: [...shows] }))
    }),
  )
  stop.add(
    effect(() => {
      const next = JSON.parse(report.value) as WatcherReport
      const patch = {
        watching: { ...takenBack(told.watching, next.watching), ...next.watching },
        via: { ...takenBack(told.via, next.via), ...next.via },
      }
      told = next
      untracked(() => client.setState(patch))
    }),
  )

  return {
    feeds,
    dispose() {
      disposed = true
      stop()
      for (const id of feeds.peek().keys()) remove(id)
      inbox?.dispose()
    },
  }
}
