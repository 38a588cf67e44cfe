import { MAX_MESSAGE, MAX_SIGNAL } from '../../protocol/limits.ts'
import { ALL } from '../log.ts'
import { accepted, exceeds, notHere, refused, type Handler } from './context.ts'

const tooLarge = (most: number) => refused('too_large', `The data may hold ${most} bytes at most.`)

/** WebRTC signalling to one member; the data is opaque. Two cameras have nothing to show each other. */
export const signal: Handler<'signal'> = ({ room, id, role, bytes, dataText }, { to, data }) => {
  const theirs = to === id ? undefined : room.roleOf(to)
  if (theirs === undefined) return notHere()
  if (role === 'camera' && theirs === 'camera')
    return refused('forbidden', 'A camera does not signal to a camera.')
  if (exceeds(data, MAX_SIGNAL, bytes)) return tooLarge(MAX_SIGNAL)
  if (dataText !== undefined) return accepted(room.events.passOn({ type: 'signal', from: id, to, dataText }))
  return accepted(room.events.publish({ type: 'signal', from: id, data }, id, { kind: 'member', id: to }))
}

/** An application's message to one member or to the whole room. */
export const message: Handler<'message'> = ({ room, id, bytes, dataText }, { to, data }) => {
  if (exceeds(data, MAX_MESSAGE, bytes)) return tooLarge(MAX_MESSAGE)
  if (to !== undefined && (to === id || !room.has(to))) return notHere()
  if (dataText !== undefined) return accepted(room.events.passOn({ type: 'message', from: id, to, dataText }))
  if (to === undefined) return accepted(room.events.publish({ type: 'message', from: id, data }, id, ALL))
  return accepted(
    room.events.publish({ type: 'message', from: id, to, data }, id, { kind: 'member', id: to }),
  )
}
