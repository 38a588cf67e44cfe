/** The photos of a host's page: asks cameras for them, takes them in, and keeps them until they are deleted or the page closes. */
import { computed, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../../lib/client-types.ts'
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Director } from '../../lib/direction/director.ts'
import { disposers, type Disposer } from '../../lib/disposer.ts'
import type { Receiving } from '../../lib/receiving.ts'
import { hashOf } from '../../lib/stills/hash.ts'
import type { StillProgress } from '../../lib/stills/fault.ts'
import { createReceiver } from '../../lib/stills/receiver.ts'
import { openWays } from '../../lib/stills/ways.ts'
import type { Offer } from '../../lib/stills/packets.ts'
import { deviceWords } from '../../lib/room/words.ts'
import { toast } from '../../lib/ui/toast.tsx'
import type { Photo } from './photo.ts'

export interface StillDesk {
  /** The newest first. */
  readonly photos: ReadonlySignal<readonly Photo[]>
  /** What is under way, by the camera. */
  readonly progress: ReadonlySignal<ReadonlyMap<SessionId, StillProgress>>
  /** Asks a camera for a photo. What becomes of it is said. */
  shoot(camera: SessionId): Promise<void>
  /** Takes a photo out of the page. */
  remove(photo: Photo): void
  dispose: Disposer
}

/** Photos live in the page's memory. */
const MOST_PHOTOS = 200
const MOST_BYTES = 512 * 1024 * 1024
/** A phone tries three ways for up to thirteen seconds. Milliseconds. */
const TAKEN_WITHIN = 20_000
/** A photo that was taken and of which nothing comes for so long does not come. */
const BEGINS_WITHIN = 60_000

const STUCK = {
  sending: 'Sending the photo failed: it did not get through. Check the connection and take it again.',
  checking: 'Checking the photo failed: it arrived damaged. Take it again.',
  full: 'Sending the photo failed: there is no room for more here. Save and delete some.',
} as const

const without = <K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> => {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}

export const openStills = (deps: {
  client: Client
  director: Director
  cameras: Pick<Receiving, 'feeds'>
  roomName: ReadonlySignal<string>
}): StillDesk => {
  const { client, director, cameras, roomName } = deps
  const photos = signal<readonly Photo[]>([])
  const taking = signal<ReadonlyMap<SessionId, number>>(new Map())
  const coming = signal<ReadonlyMap<SessionId, StillProgress>>(new Map())
  /** Photos that were taken and of which nothing has come yet, and such as came before the answer that names them. */
  const awaited = new Map<number, { readonly begun: () => void }>()
  const early = new Set<number>()
  let disposed = false
  let count = 0
  let bytesKept = 0

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
  const begun = (transfer: number) => {
    const waits = awaited.get(transfer)
    if (waits) {
      waits.begun()
      return
    }
    early.add(transfer)
    const [oldest] = early
    if (early.size > 64 && oldest !== undefined) early.delete(oldest)
  }
  const hasBegun = (transfer: number, camera: SessionId): Promise<void> =>
    new Promise((resolve) => {
      if (early.delete(transfer)) {
        resolve()
        return
      }
      const done = () => {
        clearTimeout(timer)
        awaited.delete(transfer)
        resolve()
      }
      const timer = setTimeout(() => {
        done()
        fail(camera, STUCK.sending)
      }, BEGINS_WITHIN)
      awaited.set(transfer, { begun: done })
    })
  const keep = (camera: SessionId, offer: Offer, bytes: Uint8Array<ArrayBuffer>) => {
    const blob = new Blob([bytes], { type: offer.type })
    bytesKept += blob.size
    const photo: Photo = {
      ...offer,
      id: (count += 1),
      camera,
      cameraName: nameOf(camera),
      roomName: roomName.peek(),
      blob,
      url: URL.createObjectURL(blob),
    }
    photos.value = [photo, ...photos.peek()]
  }

  const receiver = createReceiver({
    hash: hashOf,
    send: (to, packet) => void ways.send(to, packet),
    hasRoom: (bytes) => photos.peek().length < MOST_PHOTOS && bytesKept + bytes <= MOST_BYTES,
    onProgress(from, transfer, progress) {
      begun(transfer)
      coming.value = new Map(coming.peek()).set(from, progress)
    },
    onPhoto(from, _transfer, offer, bytes) {
      coming.value = without(coming.peek(), from)
      keep(from, offer, bytes)
    },
    onFailed(from, transfer, stage) {
      begun(transfer)
      coming.value = without(coming.peek(), from)
      fail(from, STUCK[stage])
    },
  })
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
    receive: (from, packet) => receiver.receive(from, packet),
  })
  const release = ({ url, blob }: Photo) => {
    URL.revokeObjectURL(url)
    bytesKept -= blob.size
  }
  const stop = disposers(
    ways.dispose,
    receiver.dispose,
    client.on('member-left', ({ memberId }) => receiver.left(memberId)),
  )

  return {
    photos,
    progress: computed(() => {
      const all = new Map<SessionId, StillProgress>()
      for (const camera of taking.value.keys()) all.set(camera, { stage: 'taking' })
      for (const [camera, progress] of coming.value) all.set(camera, progress)
      return all
    }),
    async shoot(camera) {
      took(camera, 1)
      try {
        const taken = (await director.ask(camera, 'photo', {}, TAKEN_WITHIN)) as { transfer?: unknown }
        if (typeof taken?.transfer === 'number') await hasBegun(taken.transfer, camera)
      } catch (cause) {
        if (!(cause instanceof CommandFault)) throw cause
        if (!disposed) fail(camera, `Taking the photo failed: ${cause.message}`)
      } finally {
        took(camera, -1)
      }
    },
    remove(photo) {
      if (!photos.peek().includes(photo)) return
      photos.value = photos.peek().filter((one) => one !== photo)
      release(photo)
    },
    dispose() {
      disposed = true
      stop()
      for (const { begun: end } of awaited.values()) end()
      for (const photo of photos.peek()) release(photo)
    },
  }
}
