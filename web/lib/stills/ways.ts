/** Carries packets of photos between two members: from device to device where that is connected, else through the server. */
import { effect, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import { encodeStill, readStill } from '../../../server/protocol/still-frames.ts'
import type { Client } from '../client-types.ts'
import { disposers, listen, type Disposer } from '../disposer.ts'

/** Data channels to other members that are open now, by their ids. */
export type Channels = ReadonlyMap<SessionId, RTCDataChannel>

export interface Ways {
  /** False where there is no way at the moment. */
  send(to: SessionId, packet: Uint8Array<ArrayBuffer>): boolean
  dispose: Disposer
}

/** More than this in a channel is more than it carries. Bytes. */
const MOST_BUFFERED = 512 * 1024
/** What may wait in the socket before a packet: it would wait behind a packet's worth of pictures, and they behind it. Bytes. */
const MOST_UNSENT = 16 * 1024

const sendDirect = (channel: RTCDataChannel, packet: Uint8Array<ArrayBuffer>): boolean => {
  if (channel.readyState !== 'open' || channel.bufferedAmount > MOST_BUFFERED) return false
  try {
    channel.send(packet)
    return true
  } catch (cause) {
    console.warn('The data channel took no packet', cause)
    return false
  }
}

export const openWays = (deps: {
  client: Pick<Client, 'active' | 'sendBinary' | 'onBinary' | 'unsent'>
  channels: ReadonlySignal<Channels>
  receive: (from: SessionId, packet: Uint8Array) => void
  /** The ways are others than before. */
  changed?: () => void
}): Ways => {
  const { client, channels, receive } = deps
  const stop = disposers(
    effect(() => {
      const ends = [...channels.value].map(([from, channel]) =>
        listen(channel, 'message', (event) => {
          const { data } = event as MessageEvent<unknown>
          if (data instanceof ArrayBuffer) receive(from, new Uint8Array(data))
        }),
      )
      return () => {
        for (const end of ends) end()
      }
    }),
    client.onBinary((bytes) => {
      const still = readStill(bytes)
      if (still) receive(still.member, still.packet)
    }),
    effect(() => {
      if (channels.value && client.active.value) queueMicrotask(() => deps.changed?.())
    }),
  )
  return {
    send(to, packet) {
      const channel = channels.peek().get(to)
      if (channel !== undefined && sendDirect(channel, packet)) return true
      if (!client.active.peek() || client.unsent() > MOST_UNSENT) return false
      return client.sendBinary(encodeStill(to, packet))
    },
    dispose: stop,
  }
}
