/** The photos of a host's page: asks cameras for them, and takes them in. */
import { computed, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../../lib/client-types.ts'
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Director } from '../../lib/direction/director.ts'
import { disposers } from '../../lib/disposer.ts'
import type { Receiving } from '../../lib/receiving.ts'
import { deviceWords } from '../../lib/room/words.ts'
import { isFinalLeave } from '../../lib/sending.ts'
import { hashOf } from '../../lib/stills/hash.ts'
import type { StillProgress } from '../../lib/stills/fault.ts'
import { createReceiver } from '../../lib/stills/receiver.ts'
import { openWays } from '../../lib/stills/ways.ts'
import { toast } from '../../lib/ui/toast.tsx'
import type { Album } from './album.ts'
import { openShelf, type Shelf } from './shelf.ts'

/** The photos that are here. */
export type Photos = Pick<Shelf, 'photos' | 'arrived' | 'trouble' | 'remove' | 'ready' | 'dispose'>

export interface StillDesk extends Photos {
  /** What is under way, by the camera. */
  readonly progress: ReadonlySignal<ReadonlyMap<SessionId, StillProgress>>
  /** Asks a camera for a photo; resolves when it is taken. What becomes of it is said. */
  shoot(camera: SessionId): Promise<void>
  /** Takes no more photos. @returns those that are here, which stay until they are disposed of */
  leave(): Photos
}

/** A phone tries three ways for up to thirteen seconds. Milliseconds. */
const TAKEN_WITHIN = 20_000
/** A photo that was taken and does not begin to come while no other of its camera does for so long, does not come. */
const BEGINS_WITHIN = 60_000
/** Photos that came before the answer that names them. */
const MOST_EARLY = 64

const STUCK = {
  sending: 'Sending the photo failed: it did not get through. Check the connection and take it again.',
  checking: 'Checking the photo failed. Take it again.',
  damaged: 'Checking the photo failed: it arrived damaged. Take it again.',
  full: 'Sending the photo failed: there is no room for more here. Save and delete some.',
} as const

/** A photo that was taken and of which nothing has come yet. */
interface Awaited {
  readonly camera: SessionId
  timer: ReturnType<typeof setTimeout>
}

const without = <K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> => {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

export const openStills = (deps: {
  client: Pick<Client, 'members' | 'active' | 'sendBinary' | 'onBinary' | 'unsent' | 'on'>
  director: Director
  cameras: Pick<Receiving, 'feeds'>
  roomName: ReadonlySignal<string>
  album: Album
}): StillDesk => {
  const { client, director, cameras, roomName, album } = deps
  const shelf = openShelf(album)
  const taking = signal<ReadonlyMap<SessionId, number>>(new Map())
  const awaited = signal<ReadonlyMap<number, Awaited>>(new Map())
  const coming = signal<ReadonlyMap<SessionId, StillProgress>>(new Map())
  const early = new Set<number>()
  let disposed = false

  const nameOf = (camera: SessionId): string =>
    untracked(() => {
      const member = cameras.feeds.value.get(camera)?.member.value ?? client.members.value.get(camera)
      return member ? member.name || deviceWords(member.device) : 'The camera'
    })
  const fail = (camera: SessionId, text: string) => toast(`${nameOf(camera)}: ${text}`)
  const took = (camera: SessionId, by: 1 | -1) => {
    const now = (taking.peek().get(camera) ?? 0) + by
    taking.value = now > 0 ? new Map(taking.peek()).set(camera, now) : without(taking.peek(), camera)
  }
  const forgetAwaited = (transfer: number) => {
    const known = awaited.peek().get(transfer)
    if (known === undefined) return
    clearTimeout(known.timer)
    awaited.value = without(awaited.peek(), transfer)
  }
  const patience = (transfer: number, camera: SessionId) =>
    setTimeout(() => {
      forgetAwaited(transfer)
      fail(camera, STUCK.sending)
    }, BEGINS_WITHIN)
  const expectPhoto = (transfer: number, camera: SessionId) => {
    if (early.delete(transfer) || disposed) return
    awaited.value = new Map(awaited.peek()).set(transfer, { camera, timer: patience(transfer, camera) })
  }
  /** Something came of this transfer; others of the camera wait for it. */
  const cameOf = (transfer: number, from: SessionId) => {
    if (awaited.peek().has(transfer)) forgetAwaited(transfer)
    else early.add(transfer)
    const [oldest] = early
    if (early.size > MOST_EARLY && oldest !== undefined) early.delete(oldest)
    for (const [other, waits] of awaited.peek()) {
      if (waits.camera !== from) continue
      clearTimeout(waits.timer)
      waits.timer = patience(other, from)
    }
  }
  const left = (camera: SessionId) => {
    receiver.left(camera)
    for (const [transfer, waits] of awaited.peek()) {
      if (waits.camera !== camera) continue
      forgetAwaited(transfer)
      fail(camera, STUCK.sending)
    }
  }

  const receiver = createReceiver({
    hash: hashOf,
    send: (to, packet) => void ways.send(to, packet),
    hasRoom: shelf.hasRoom,
    has: shelf.has,
    onProgress(from, transfer, progress) {
      cameOf(transfer, from)
      coming.value = new Map(coming.peek()).set(from, progress)
    },
    async onPhoto(camera, transfer, offer, bytes) {
      coming.value = without(coming.peek(), camera)
      const blob = new Blob([bytes], { type: offer.type })
      const named = { cameraName: nameOf(camera), roomName: roomName.peek() }
      await shelf.add({ ...offer, ...named, camera, transfer, arrivedAt: Date.now(), blob })
    },
    onFailed(from, transfer, why) {
      cameOf(transfer, from)
      coming.value = without(coming.peek(), from)
      fail(from, STUCK[why])
    },
  })
  let isReady = false
  void shelf.ready.then(() => (isReady = true))
  const ways = openWays({
    client,
    channels: computed(
      () =>
        new Map(
          [...cameras.feeds.value].flatMap(([id, feed]) => {
            const channel = feed.channel.value
            return channel === undefined ? [] : [[id, channel] as const]
          }),
        ),
    ),
    // Before it is known what is here, a photo might come twice: who sends asks again.
    receive: (from, packet) => isReady && receiver.receive(from, packet),
  })
  const stop = disposers(
    ways.dispose,
    receiver.dispose,
    client.on('member-left', ({ memberId, reason }) => {
      // One that is merely lost may come back and go on.
      if (isFinalLeave(reason)) left(memberId)
    }),
  )

  const leave = (): Photos => {
    disposed = true
    stop()
    for (const transfer of awaited.peek().keys()) forgetAwaited(transfer)
    return shelf
  }

  return {
    ...shelf,
    progress: computed(() => {
      const all = new Map<SessionId, StillProgress>()
      for (const { camera } of awaited.value.values()) all.set(camera, { stage: 'sending', part: 0 })
      for (const camera of taking.value.keys()) all.set(camera, { stage: 'taking' })
      for (const [camera, progress] of coming.value) all.set(camera, progress)
      return all
    }),
    async shoot(camera) {
      took(camera, 1)
      try {
        const taken = (await director.ask(camera, 'photo', {}, TAKEN_WITHIN)) as { transfer?: unknown }
        if (typeof taken?.transfer === 'number') expectPhoto(taken.transfer, camera)
      } catch (cause) {
        if (!(cause instanceof CommandFault)) throw cause
        if (!disposed) fail(camera, `Taking the photo failed: ${cause.message}`)
      } finally {
        took(camera, -1)
      }
    },
    leave,
    dispose: () => leave().dispose(),
  }
}
