import { frame } from '../wire.ts'
import { refused, type Handler } from './context.ts'

/** Opens a session; a second one on the same socket opens nothing. */
export const hello: Handler<'hello'> = () =>
  refused('invalid_message', 'This connection has said hello already.')

/** Leaves now, without a resume window; the session stays valid. */
export const leave: Handler<'leave'> = ({ room, id, connection }) => {
  room.remove(id, 'left')
  connection.close('left')
}

export const ping: Handler<'ping'> = ({ room, services, connection }, { t }) => {
  const now = new Date(services.clock.now()).toISOString()
  connection.send(frame({ type: 'pong', ...(t === undefined ? {} : { t }), now, at: room.at }))
}
