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
  /** Whether there is room for a photo of so many bytes. */
  readonly hasRoom: (bytes: number) => boolean
  readonly onProgress: (from: SessionId, transfer: number, progress: StillProgress) => void
  readonly onPhoto: (from: SessionId, transfer: number, offer: Offer, bytes: Uint8Array<ArrayBuffer>) => void
  /** It will not come any more: stuck in this stage. */
  readonly onFailed: (from: SessionId, transfer: number, stage: 'sending' | 'checking' | 'full') => void
}

export interface Receiver {
  receive(from: SessionId, bytes: Uint8Array): void
  /** Who sends has left for good. */
  left(from: SessionId): void
  dispose: Disposer
}

/** Nothing came of a transfer for so long: it is over. Longer than who sends tries. */
const FORGET_AFTER = 60_000
/** Ends of transfers that are remembered, since a receipt can be lost. */
const REMEMBERED = 64

interface Incoming {
  readonly transfer: number
  readonly offer: Offer
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly bits: Uint8Array<ArrayBuffer>
  count: number
  isChecking: boolean
  timer: ReturnType<typeof setTimeout> | undefined
}

export const createReceiver = (options: ReceiverOptions): Receiver => {
  const { send, onProgress, onPhoto, onFailed } = options
  /** Of each sender the one that is under way. */
  const open = new Map<SessionId, Incoming>()
  const receipts = new Map<string, Packet>()

  const say = (to: SessionId, packet: Packet) => send(to, encodePacket(packet))
  const end = (from: SessionId, incoming: Incoming) => {
    clearTimeout(incoming.timer)
    if (open.get(from) === incoming) open.delete(from)
  }
  const fail = (from: SessionId, incoming: Incoming) => {
    end(from, incoming)
    onFailed(from, incoming.transfer, incoming.isChecking ? 'checking' : 'sending')
  }
  const live = (from: SessionId, incoming: Incoming) => {
    clearTimeout(incoming.timer)
    incoming.timer = setTimeout(() => fail(from, incoming), FORGET_AFTER)
  }
  const receipt = (from: SessionId, transfer: number, outcome: Outcome, sha256 = '') => {
    const packet: Packet = { kind: 'receipt', transfer, outcome, sha256 }
    if (outcome !== 'mismatch') {
      receipts.set(`${from} ${transfer}`, packet)
      const [oldest] = receipts.keys()
      if (receipts.size > REMEMBERED && oldest !== undefined) receipts.delete(oldest)
    }
    say(from, packet)
  }
  const check = async (from: SessionId, incoming: Incoming) => {
    const { transfer, offer, bytes, bits } = incoming
    incoming.isChecking = true
    onProgress(from, transfer, { stage: 'checking' })
    const sha256 = await options.hash(bytes)
    if (open.get(from) !== incoming) return
    if (sha256 === offer.sha256) {
      end(from, incoming)
      receipt(from, transfer, 'ok', sha256)
      onPhoto(from, transfer, offer, bytes)
      return
    }
    bits.fill(0)
    incoming.count = 0
    receipt(from, transfer, 'mismatch', sha256)
  }
  const offered = (from: SessionId, { transfer, offer }: Extract<Packet, { kind: 'offer' }>) => {
    let incoming = open.get(from)
    if (incoming !== undefined && incoming.transfer !== transfer) {
      // It has gone on to the next one.
      fail(from, incoming)
      incoming = undefined
    }
    if (incoming === undefined) {
      if (!options.hasRoom(offer.bytes)) {
        receipt(from, transfer, 'full')
        onFailed(from, transfer, 'full')
        return
      }
      incoming = {
        transfer,
        offer,
        bytes: new Uint8Array(offer.bytes),
        bits: new Uint8Array(Math.ceil(chunksOf(offer.bytes) / 8)),
        count: 0,
        isChecking: false,
        timer: undefined,
      }
      open.set(from, incoming)
      onProgress(from, transfer, { stage: 'sending', part: 0 })
    } else if (incoming.count === 0) incoming.isChecking = false
    live(from, incoming)
    if (!incoming.isChecking) say(from, { kind: 'have', transfer, bits: incoming.bits })
  }
  const chunk = (
    from: SessionId,
    incoming: Incoming,
    { transfer, index, data }: Extract<Packet, { kind: 'chunk' }>,
  ) => {
    const { bytes, bits } = incoming
    const all = chunksOf(bytes.length)
    if (index >= all || data.length !== chunkLength(bytes.length, index) || incoming.isChecking) return
    live(from, incoming)
    if (!hasBit(bits, index)) {
      bytes.set(data, index * CHUNK)
      setBit(bits, index)
      incoming.count += 1
      onProgress(from, transfer, { stage: 'sending', part: incoming.count / all })
    }
    say(from, { kind: 'ack', transfer, index })
    if (incoming.count === all) void check(from, incoming)
  }

  return {
    receive(from, bytes) {
      const packet = readPacket(bytes)
      if (packet === undefined) return
      const { kind, transfer } = packet
      const known = receipts.get(`${from} ${transfer}`)
      if (known !== undefined) {
        if (kind === 'offer' || kind === 'chunk') say(from, known)
        return
      }
      if (kind === 'offer') {
        offered(from, packet)
        return
      }
      const incoming = open.get(from)
      if (incoming?.transfer === transfer) {
        if (kind === 'chunk') chunk(from, incoming, packet)
        else if (kind === 'cancel') fail(from, incoming)
      } else if (kind === 'chunk') say(from, { kind: 'unknown', transfer })
    },
    left(from) {
      const incoming = open.get(from)
      if (incoming !== undefined) fail(from, incoming)
    },
    dispose() {
      for (const [from, incoming] of open) end(from, incoming)
    },
  }
}
