/** The relay's half on dashboards and viewers; loaded with the first picture that comes through the server. */
import { readRelayed } from '../../../server/protocol/frames.ts'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../client-types.ts'
import { RequestError } from '../outbox.ts'
import { createPlayer, type Player } from './player.ts'
import type { RelayInbox } from './relayed.ts'
import type { Shown } from './shown.ts'

/** Reads what the server relays to this client and hands each camera's pictures to its player. */
export const openInbox = (
  client: Pick<Client, 'onBinary' | 'keyFrame' | 'serverNow' | 'roundTrip' | 'askClock'>,
  shown: Pick<Shown, 'failed'>,
): RelayInbox => {
  const players = new Map<SessionId, Player>()
  const stop = client.onBinary((bytes) => {
    const relayed = readRelayed(bytes)
    // A picture may be on its way when its camera is no longer watched.
    if (relayed) players.get(relayed.camera)?.take(relayed.picture)
    else console.warn('The server sent a picture that is none')
  })
  const askKey = async (camera: SessionId) => {
    try {
      await client.keyFrame(camera)
    } catch (cause) {
      // One comes every two seconds anyway.
      if (!(cause instanceof RequestError)) throw cause
    }
  }
  client.askClock()

  return {
    play(camera, onFault) {
      const player = createPlayer({
        askKey: () => void askKey(camera),
        serverNow: client.serverNow,
        roundTrip: client.roundTrip,
        onFault(cause, codec) {
          // The camera hears of it and sends another form: nothing that a person need know.
          if (shown.failed(codec)) console.warn(`Pictures in ${codec} are not shown here`, cause)
          else onFault(cause)
        },
        onEnd: () => {
          if (players.get(camera) === player) players.delete(camera)
        },
      })
      players.set(camera, player)
      return player
    },
    dispose() {
      stop()
      for (const player of players.values()) player.dispose()
    },
  }
}
