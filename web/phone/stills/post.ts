/** Photos on their way from this phone: one at a time to each host, the others wait. Loaded with the first photo. */
import type { ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../../lib/client-types.ts'
import { disposers, type Disposer } from '../../lib/disposer.ts'
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

export const openPost = (
  client: Pick<Client, 'active' | 'sendBinary' | 'onBinary' | 'unsent' | 'on'>,
  channels: ReadonlySignal<Channels>,
): Post => {
  const lines = new Map<SessionId, { count: number; last: Promise<void> }>()
  const senders = new Map<SessionId, Sender>()
  let disposed = false

  const ways = openWays({
    client,
    channels,
    receive(from, bytes) {
      const packet = readPacket(bytes)
      if (packet) senders.get(from)?.receive(packet)
    },
    changed() {
      for (const sender of senders.values()) sender.resume()
    },
  })
  const stop = disposers(
    ways.dispose,
    client.on('member-left', ({ memberId }) => senders.get(memberId)?.cancel()),
  )

  const deliver = async (to: SessionId, begin: () => Sender): Promise<void> => {
    if (disposed) throw new StillFault('sending', NOBODY)
    const sender = begin()
    senders.set(to, sender)
    try {
      await sender.done
    } finally {
      senders.delete(to)
    }
  }

  return {
    waiting: (to) => lines.get(to)?.count ?? 0,
    async send({ bytes, ...said }, to, transfer, onProgress) {
      const offer: Offer = { ...said, bytes: bytes.length, sha256: await hashOf(bytes) }
      const line = lines.get(to) ?? { count: 0, last: Promise.resolve() }
      lines.set(to, line)
      line.count += 1
      const mine = line.last.then(() =>
        deliver(to, () =>
          sendStill({ transfer, offer, bytes, onProgress, send: (packet) => ways.send(to, packet) }),
        ),
      )
      // The next one goes whatever became of this one, which is told to who waits for it.
      line.last = mine.catch(() => undefined)
      try {
        await mine
      } finally {
        line.count -= 1
        if (line.count === 0) lines.delete(to)
      }
    },
    dispose() {
      disposed = true
      for (const sender of senders.values()) sender.cancel()
      stop()
    },
  }
}
