/** Photos on their way from this phone: one at a time to each host, the others wait. Loaded with the first photo. */
import type { ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../../lib/client-types.ts'
import { disposers, type Disposer } from '../../lib/disposer.ts'
import { isFinalLeave } from '../../lib/sending.ts'
import { hashOf } from '../../lib/stills/hash.ts'
import { StillFault, type StillProgress } from '../../lib/stills/fault.ts'
import { readPacket, type Offer } from '../../lib/stills/packets.ts'
import { sendStill, type Sender } from '../../lib/stills/sender.ts'
import { openWays, type Channels } from '../../lib/stills/ways.ts'
import type { Taken } from './take.ts'

export interface Post {
  /** How many are on their way to this host, or wait for it. */
  waiting(to: SessionId): number
  /** Resolves with the host's receipt; rejects with `StillFault`. */
  send(
    still: Taken & { readonly takenAt: number },
    to: SessionId,
    transfer: number,
    onProgress: (progress: StillProgress) => void,
  ): Promise<void>
  dispose: Disposer
}

const NOBODY = 'The dashboard is gone. Open it, and take the photo again.'

/** What goes to one host, one behind the other. */
interface Line {
  count: number
  last: Promise<void>
  sender: Sender | undefined
  /** The host has left, and what is in the line goes nowhere. */
  isOver: boolean
}

export const openPost = (
  client: Pick<Client, 'active' | 'sendBinary' | 'onBinary' | 'unsent' | 'on'>,
  channels: ReadonlySignal<Channels>,
): Post => {
  const lines = new Map<SessionId, Line>()

  const ways = openWays({
    client,
    channels,
    receive(from, bytes) {
      const packet = readPacket(bytes)
      if (packet) lines.get(from)?.sender?.receive(packet)
    },
    changed() {
      for (const { sender } of lines.values()) sender?.resume()
    },
  })
  const end = (to: SessionId) => {
    const line = lines.get(to)
    if (line === undefined) return
    lines.delete(to)
    line.isOver = true
    line.sender?.cancel(NOBODY)
  }
  const stop = disposers(
    ways.dispose,
    client.on('member-left', ({ memberId, reason }) => {
      // One that is merely lost may come back, as after a sleep or the end of its instance.
      if (isFinalLeave(reason)) end(memberId)
    }),
  )
  let disposed = false

  const deliver = async (line: Line, begin: () => Sender): Promise<void> => {
    if (line.isOver) throw new StillFault('sending', NOBODY)
    line.sender = begin()
    try {
      await line.sender.done
    } finally {
      line.sender = undefined
    }
  }

  return {
    waiting: (to) => lines.get(to)?.count ?? 0,
    async send({ bytes, ...said }, to, transfer, onProgress) {
      const line = lines.get(to) ?? { count: 0, last: Promise.resolve(), sender: undefined, isOver: disposed }
      if (!disposed) lines.set(to, line)
      line.count += 1
      const before = line.last
      const mine = hashOf(bytes).then(async (sha256) => {
        const offer: Offer = { ...said, bytes: bytes.length, sha256 }
        await before
        await deliver(line, () =>
          sendStill({ transfer, offer, bytes, onProgress, send: (packet) => ways.send(to, packet) }),
        )
      })
      // The next one goes whatever became of this one, which is told to who waits for it.
      line.last = mine.catch(() => undefined)
      try {
        await mine
      } finally {
        line.count -= 1
        if (line.count === 0 && lines.get(to) === line) lines.delete(to)
      }
    },
    dispose() {
      disposed = true
      for (const to of [...lines.keys()]) end(to)
      stop()
    },
  }
}
