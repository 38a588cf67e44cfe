/** Takes photos in: keeps what has come of each, asks for nothing twice, and gives a receipt for what is whole. */
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Outcome } from '../../../server/protocol/still-ends.ts'
import type { Disposer } from '../disposer.ts'
import type { StillProgress } from './fault.ts'
import {
  chunkLength,
  chunksOf,
  CHUNK,
  encodePacket,
  hasBit,
  readPacket,
  setBit,
  type Offer,
  type Packet,
} from './packets.ts'

export interface ReceiverOptions {
  readonly send: (to: SessionId, packet: Uint8Array<ArrayBuffer>) => void
  readonly hash: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>
  /** Whether there is room for so many photos of so many bytes together, those under way among them. */
  readonly hasRoom: (photos: number, bytes: number) => boolean
  /** Whether this photo came before and is still here: before a reload, for example. */
  readonly has: (from: SessionId, transfer: number, sha256: string) => boolean
  readonly onProgress: (from: SessionId, transfer: number, progress: StillProgress) => void
  /** It is whole. Who sends is told so when what this gives is done; it never rejects. */
  readonly onPhoto: (
    from: SessionId,
    transfer: number,
    offer: Offer,
    bytes: Uint8Array<ArrayBuffer>,
  ) => Promise<void>
  /** It will not come any more. */
  readonly onFailed: (from: SessionId, transfer: number, why: Stuck) => void
}

/** Why a photo does not come: it stuck in this stage, came with another hash, or found no room. */
export type Stuck = 'sending' | 'checking' | 'damaged' | 'full'

export interface Receiver {
  receive(from: SessionId, bytes: Uint8Array): void
  /** Who sends has left for good. */
  left(from: SessionId): void
  dispose: Disposer
}

/** Nothing came of a transfer for so long: it is over. Longer than who sends tries. */
const FORGET_AFTER = 60_000
/** Ends of transfers that are remembered, since a receipt can be lost and a packet come late. */
const REMEMBERED = 64

interface Incoming {
  readonly transfer: number
  readonly offer: Offer
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly bits: Uint8Array<ArrayBuffer>
  count: number
  state: 'coming' | 'checking' | 'damaged'
  timer: ReturnType<typeof setTimeout> | undefined
}

/** What a photo is put together in; nothing where the page has no memory for it. */
const placeFor = (bytes: number): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return new Uint8Array(bytes)
  } catch (cause) {
    console.warn('There is no memory for a photo', cause)
    return undefined
  }
}

const isWhole = ({ count, bytes }: Incoming): boolean => count === chunksOf(bytes.length)

const stuckIn = (incoming: Incoming): Stuck => {
  if (incoming.state === 'damaged') return 'damaged'
  return incoming.state === 'checking' || isWhole(incoming) ? 'checking' : 'sending'
}

export const createReceiver = (options: ReceiverOptions): Receiver => {
  const { send, onProgress, onPhoto, onFailed } = options
  /** Of each sender the one that is under way. */
  const open = new Map<SessionId, Incoming>()
  /** Receipts of what is over; none where who sends has given up, or keeps waiting for now. */
  const ends = new Map<string, Packet | undefined>()
  let isDisposed = false

  const say = (to: SessionId, packet: Packet) => send(to, encodePacket(packet))
  const close = (from: SessionId, incoming: Incoming) => {
    clearTimeout(incoming.timer)
    if (open.get(from) === incoming) open.delete(from)
  }
  const remember = (from: SessionId, transfer: number, receipt?: Packet) => {
    ends.set(`${from} ${transfer}`, receipt)
    const [oldest] = ends.keys()
    if (ends.size > REMEMBERED && oldest !== undefined) ends.delete(oldest)
  }
  const fail = (from: SessionId, incoming: Incoming) => {
    close(from, incoming)
    onFailed(from, incoming.transfer, stuckIn(incoming))
  }
  /** Who sends has said that it is over: what comes late of it is not to begin it anew. */
  const givenUp = (from: SessionId, incoming: Incoming) => {
    remember(from, incoming.transfer)
    fail(from, incoming)
  }
  const live = (from: SessionId, incoming: Incoming) => {
    clearTimeout(incoming.timer)
    incoming.timer = setTimeout(() => fail(from, incoming), FORGET_AFTER)
  }
  const receipt = (from: SessionId, transfer: number, outcome: Outcome, sha256 = '') => {
    const packet: Packet = { kind: 'receipt', transfer, outcome, sha256 }
    if (outcome !== 'mismatch') remember(from, transfer, packet)
    say(from, packet)
  }
  const full = (from: SessionId, transfer: number) => {
    receipt(from, transfer, 'full')
    onFailed(from, transfer, 'full')
  }
  const check = async (from: SessionId, incoming: Incoming) => {
    const { transfer, offer, bytes, bits } = incoming
    incoming.state = 'checking'
    onProgress(from, transfer, { stage: 'checking' })
    let sha256: string
    try {
      sha256 = await options.hash(bytes)
    } catch (cause) {
      // What hashes did not load, perhaps: who sends asks again, and then it is tried again.
      console.warn('A photo could not be checked', cause)
      incoming.state = 'coming'
      return
    }
    if (open.get(from) !== incoming) return
    if (sha256 === offer.sha256) {
      close(from, incoming)
      remember(from, transfer)
      await onPhoto(from, transfer, offer, bytes)
      if (!isDisposed) receipt(from, transfer, 'ok', sha256)
      return
    }
    incoming.state = 'damaged'
    bits.fill(0)
    incoming.count = 0
    receipt(from, transfer, 'mismatch', sha256)
  }
  const begin = (from: SessionId, transfer: number, offer: Offer): Incoming | undefined => {
    const others = [...open.values()]
    const bytes = others.reduce((sum, other) => sum + other.bytes.length, offer.bytes)
    const place = options.hasRoom(others.length + 1, bytes) ? placeFor(offer.bytes) : undefined
    if (place === undefined) return undefined
    const bits = new Uint8Array(Math.ceil(chunksOf(offer.bytes) / 8))
    const incoming: Incoming = {
      transfer,
      offer,
      bytes: place,
      bits,
      count: 0,
      state: 'coming',
      timer: undefined,
    }
    open.set(from, incoming)
    onProgress(from, transfer, { stage: 'sending', part: 0 })
    return incoming
  }
  const offered = (from: SessionId, { transfer, offer }: Extract<Packet, { kind: 'offer' }>) => {
    const known = open.get(from)
    // It has gone on to the next one.
    if (known !== undefined && known.transfer !== transfer) givenUp(from, known)
    if (options.has(from, transfer, offer.sha256)) {
      receipt(from, transfer, 'ok', offer.sha256)
      return
    }
    const incoming = open.get(from) ?? begin(from, transfer, offer)
    if (incoming === undefined) {
      full(from, transfer)
      return
    }
    live(from, incoming)
    if (incoming.state === 'damaged') incoming.state = 'coming'
    if (incoming.state !== 'coming') return
    if (isWhole(incoming)) void check(from, incoming)
    else say(from, { kind: 'have', transfer, bits: incoming.bits })
  }
  const chunk = (
    from: SessionId,
    incoming: Incoming,
    { transfer, index, data }: Extract<Packet, { kind: 'chunk' }>,
  ) => {
    const { bytes, bits, state } = incoming
    const all = chunksOf(bytes.length)
    if (index >= all || data.length !== chunkLength(bytes.length, index) || state !== 'coming') return
    live(from, incoming)
    if (!hasBit(bits, index)) {
      bytes.set(data, index * CHUNK)
      setBit(bits, index)
      incoming.count += 1
      onProgress(from, transfer, { stage: 'sending', part: incoming.count / all })
    }
    say(from, { kind: 'ack', transfer, index })
    if (isWhole(incoming)) void check(from, incoming)
  }

  return {
    receive(from, bytes) {
      const packet = readPacket(bytes)
      if (packet === undefined) return
      const { kind, transfer } = packet
      const key = `${from} ${transfer}`
      if (ends.has(key)) {
        const known = ends.get(key)
        if (known !== undefined && (kind === 'offer' || kind === 'chunk')) say(from, known)
        return
      }
      if (kind === 'offer') {
        offered(from, packet)
        return
      }
      const incoming = open.get(from)
      if (incoming?.transfer === transfer) {
        if (kind === 'chunk') chunk(from, incoming, packet)
        else if (kind === 'cancel') givenUp(from, incoming)
      } else if (kind === 'chunk') say(from, { kind: 'unknown', transfer })
    },
    left(from) {
      const incoming = open.get(from)
      if (incoming !== undefined) fail(from, incoming)
    },
    dispose() {
      isDisposed = true
      for (const [from, incoming] of open) close(from, incoming)
    },
  }
}
