/** Hands one photo over: what is lost is sent again, and it is over when the other side has proven to have all of it. */
import { chunkLength, chunksOf, CHUNK, encodePacket, hasBit, type Offer, type Packet } from './packets.ts'
import { StillFault, type StillProgress } from './fault.ts'
import { SendWindow } from './window.ts'

export interface SenderOptions {
  /** Random for each photo; 32 bits. */
  readonly transfer: number
  readonly offer: Offer
  readonly bytes: Uint8Array<ArrayBuffer>
  /** False where there is no way at the moment; what is sent may be lost all the same. */
  readonly send: (packet: Uint8Array<ArrayBuffer>) => boolean
  readonly onProgress: (progress: StillProgress) => void
}

export interface Sender {
  /** Resolves with the receipt; rejects with `StillFault`. */
  readonly done: Promise<void>
  /** What the other side says of this transfer. */
  receive(packet: Packet): void
  /** There is a way again, or another one: asks at once what is there. */
  resume(): void
  /** Gives up, for this reason. */
  cancel(why: string): void
}

type State = 'offering' | 'sending' | 'checking' | 'over'

const TICK = 200
const OFFER_EVERY = 2_000
/** Without a step forward for so long it has failed. */
const GIVE_UP = 45_000
/** A photo that arrived damaged is sent so often in all. */
const TRIES = 3

const REFUSALS = {
  full: 'The dashboard has no room for more photos. Delete some there.',
  unsound: 'The dashboard does not take this photo.',
  mismatch: 'The photo arrived damaged. Take it again.',
} as const

/** Begins at once. */
export const sendStill = ({ transfer, offer, bytes, send, onProgress }: SenderOptions): Sender => {
  const count = chunksOf(bytes.length)
  const window = new SendWindow()
  /** Chunks that are not known to be there and not on their way either, in order; and those on their way. */
  let todo: number[] = []
  const out = new Map<number, { readonly at: number; readonly first: boolean }>()
  const there = new Set<number>()
  const sentOnce = new Set<number>()
  let state: State = 'offering'
  let tries = 1
  let offeredAt = -Infinity
  let movedAt = Date.now()
  let hasAnswered = false
  /** Offers since the last answer to one. */
  let asked = 0
  let settle: { resolve: () => void; reject: (fault: StillFault) => void } | undefined
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })

  const say = (packet: Packet): boolean => send(encodePacket(packet))
  const over = (fault?: StillFault) => {
    if (state === 'over') return
    state = 'over'
    clearInterval(timer)
    if (fault) settle?.reject(fault)
    else settle?.resolve()
  }
  const giveUp = (fault: StillFault) => {
    if (state === 'over') return
    say({ kind: 'cancel', transfer })
    over(fault)
  }
  const ask = () => {
    asked += 1
    offeredAt = Date.now()
    say({ kind: 'offer', transfer, offer })
  }
  const isAllThere = () => there.size === count
  const check = () => {
    state = 'checking'
    offeredAt = Date.now()
    onProgress({ stage: 'checking' })
  }
  /** @param least chunks that may be out whatever the window says */
  const fill = (least = 0) => {
    if (state !== 'sending') return
    while (out.size < Math.max(least, window.size)) {
      const index = todo[0]
      if (index === undefined) break
      const start = index * CHUNK
      const data = bytes.subarray(start, start + chunkLength(bytes.length, index))
      if (!say({ kind: 'chunk', transfer, index, data })) return
      todo.shift()
      out.set(index, { at: Date.now(), first: !sentOnce.has(index) })
      sentOnce.add(index)
    }
  }
  const begin = (bits: Uint8Array) => {
    // That it answers again is no step forward by itself: a chunk that ends every connection would go on for ever.
    let isForward = !hasAnswered
    hasAnswered = true
    // Of several nobody knows which was answered.
    if (asked === 1) window.empty(Date.now() - offeredAt)
    asked = 0
    for (let index = 0; index < count && !isForward; index += 1)
      isForward = hasBit(bits, index) && !there.has(index)
    if (isForward) movedAt = Date.now()
    there.clear()
    out.clear()
    todo = []
    for (let index = 0; index < count; index += 1) {
      if (hasBit(bits, index)) there.add(index)
      else todo.push(index)
    }
    if (isAllThere()) {
      check()
      return
    }
    state = 'sending'
    onProgress({ stage: 'sending', part: there.size / count })
    fill(1)
  }
  const acknowledged = (index: number) => {
    if (index >= count || there.has(index)) return
    const sent = out.get(index)
    out.delete(index)
    there.add(index)
    todo = todo.filter((one) => one !== index)
    movedAt = Date.now()
    // Of one that was sent twice nobody knows which was answered.
    if (sent?.first) window.answered(Date.now() - sent.at)
    if (isAllThere()) check()
    else {
      onProgress({ stage: 'sending', part: there.size / count })
      fill()
    }
  }
  const received = (packet: Extract<Packet, { kind: 'receipt' }>) => {
    const { outcome, sha256 } = packet
    if (outcome === 'ok' && sha256 === offer.sha256) over()
    else if (outcome === 'full' || outcome === 'unsound') over(new StillFault('sending', REFUSALS[outcome]))
    else if (tries < TRIES) {
      tries += 1
      movedAt = Date.now()
      state = 'offering'
      ask()
    } else giveUp(new StillFault('checking', REFUSALS.mismatch))
  }
  const expire = (now: number) => {
    for (const [index, { at }] of out) {
      if (now - at < window.lostAfter) continue
      out.delete(index)
      todo.unshift(index)
      window.lost()
    }
  }
  const tick = () => {
    const now = Date.now()
    if (now - movedAt > GIVE_UP) {
      giveUp(
        state === 'checking'
          ? new StillFault('checking', 'The dashboard did not confirm the photo. Take it again.')
          : new StillFault(
              'sending',
              'The photo did not get through. Check the connection and take it again.',
            ),
      )
      return
    }
    if (state === 'sending') {
      expire(now)
      // A way that has little to spare is given one chunk a tick: what else goes there has the rest of it.
      fill(1)
    } else if (now - offeredAt >= OFFER_EVERY) ask()
  }
  const timer = setInterval(tick, TICK)
  onProgress({ stage: 'sending', part: 0 })
  ask()

  return {
    done,
    receive(packet) {
      if (state === 'over' || packet.transfer !== transfer) return
      if (packet.kind === 'have') begin(packet.bits)
      else if (packet.kind === 'ack') acknowledged(packet.index)
      else if (packet.kind === 'receipt') received(packet)
      else if (packet.kind === 'unknown' && Date.now() - offeredAt >= TICK) {
        state = 'offering'
        ask()
      }
    },
    resume() {
      if (state === 'over') return
      state = state === 'checking' ? state : 'offering'
      ask()
    },
    cancel: (why) => giveUp(new StillFault('sending', why)),
  }
}
