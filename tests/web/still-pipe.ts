/** A photo's sender and receiver with a way between them that tests make slow, lossy or none. */
import { createHash } from 'node:crypto'
import { createReceiver, type Receiver } from '../../web/lib/stills/receiver.ts'
import { encodePacket, readPacket, type Offer, type Packet } from '../../web/lib/stills/packets.ts'
import { sendStill, type Sender } from '../../web/lib/stills/sender.ts'
import type { StillProgress } from '../../web/lib/stills/fault.ts'
import { sessionId } from './fakes.ts'

const CAMERA = sessionId('camera')
const TRANSFER = 7

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const photoOf = (size: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff)

export const offerOf = (bytes: Uint8Array, more: Partial<Offer> = {}): Offer => ({
  type: 'image/jpeg',
  bytes: bytes.length,
  width: 40,
  height: 30,
  how: 'photo',
  takenAt: 1_000,
  sha256: sha256(bytes),
  ...more,
})

export interface PipeOptions {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly offer?: Offer
  /** One way. Milliseconds. */
  readonly latency?: number
  /** Whether this packet is lost; `n` counts all of them. */
  readonly loses?: (packet: Packet, n: number) => boolean
  readonly hasRoom?: (photos: number, bytes: number) => boolean
  readonly has?: () => boolean
  /** Until what came is kept. */
  readonly keeping?: () => Promise<void>
  readonly hash?: (bytes: Uint8Array) => Promise<string>
}

export interface Pipe {
  /** No way at all while false. */
  isOpen: boolean
  readonly sender: Sender
  /** What became of the sending: `sent`, or the fault's words. */
  readonly outcome: () => string | undefined
  readonly photos: Uint8Array[]
  readonly failures: string[]
  readonly progress: StillProgress[]
  /** Packets that were put on the way, by their kinds. */
  readonly sent: Packet[]
  /** Most chunks that were out at once. */
  most: number
  /** The dashboard's page is loaded anew. */
  reload(): void
  leave(): void
  /** Something comes late, or from elsewhere. */
  inject(packet: Packet, from?: string): void
}

export const openPipe = (options: PipeOptions): Pipe => {
  const { bytes, latency = 10, loses = () => false } = options
  const offer = options.offer ?? offerOf(bytes)
  let count = 0
  let result: string | undefined
  let receiver: Receiver
  const out = new Set<number>()
  const receiverOf = () =>
    createReceiver({
      send: (_to, packet) => carry(packet, (arrived) => pipe.sender.receive(arrived)),
      hash: options.hash ?? ((all) => Promise.resolve(sha256(all))),
      hasRoom: options.hasRoom ?? (() => true),
      onProgress: (_from, _transfer, progress) => void pipe.progress.push(progress),
      has: options.has ?? (() => false),
      onPhoto: (_from, _transfer, _offer, all) => {
        pipe.photos.push(all)
        return options.keeping?.() ?? Promise.resolve()
      },
      onFailed: (_from, _transfer, stage) => void pipe.failures.push(stage),
    })
  const carry = (encoded: Uint8Array<ArrayBuffer>, arrive: (packet: Packet, raw: Uint8Array) => void) => {
    if (!pipe.isOpen) return false
    const packet = readPacket(encoded)
    if (!packet) throw new Error('an unsound packet was sent')
    pipe.sent.push(packet)
    if (packet.kind === 'chunk') {
      out.add(packet.index)
      pipe.most = Math.max(pipe.most, out.size)
    } else if (packet.kind === 'ack') out.delete(packet.index)
    if (loses(packet, (count += 1))) return true
    const raw = encoded.slice()
    setTimeout(() => {
      if (pipe.isOpen) arrive(packet, raw)
    }, latency)
    return true
  }
  const pipe: Pipe = {
    isOpen: true,
    sender: undefined as never,
    outcome: () => result,
    photos: [],
    failures: [],
    progress: [],
    sent: [],
    most: 0,
    reload() {
      receiver.dispose()
      receiver = receiverOf()
    },
    leave: () => receiver.left(CAMERA),
    inject: (packet, from = 'camera') => receiver.receive(sessionId(from), encodePacket(packet)),
  }
  receiver = receiverOf()
  const sender = sendStill({
    transfer: TRANSFER,
    offer,
    bytes,
    send: (packet) => carry(packet, (_packet, raw) => receiver.receive(CAMERA, raw)),
    onProgress: () => undefined,
  })
  sender.done.then(
    () => (result = 'sent'),
    (cause: Error) => (result = `${(cause as Error & { stage: string }).stage}: ${cause.message}`),
  )
  return Object.assign(pipe, { sender })
}
