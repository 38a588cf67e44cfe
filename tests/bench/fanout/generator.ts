/** The load generator's process: does what the measurement orders. */
import process from 'node:process'
import { Crowd } from './crowd.ts'
import type { Answer, Order } from './protocol.ts'

const crowds = new Map<string, Crowd>()

async function obey(order: Order): Promise<Answer> {
  switch (order.do) {
    case 'connect':
      crowds.set(order.crowd, await Crowd.connect(order.port, order.dialect, order.rooms))
      return { ok: true }
    case 'load': {
      const crowd = crowds.get(order.crowd)
      if (crowd === undefined) return { ok: false, why: `there is no crowd ${order.crowd}` }
      return { ok: true, delivered: await crowd.load(order.pattern, order.ms) }
    }
    case 'ping': {
      const crowd = crowds.get(order.crowd)
      if (crowd === undefined) return { ok: false, why: `there is no crowd ${order.crowd}` }
      return { ok: true, times: await crowd.ping(order.times) }
    }
    case 'close':
      await crowds.get(order.crowd)?.close()
      crowds.delete(order.crowd)
      return { ok: true }
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ ok: false, why: String(error) } satisfies Answer),
  )
})
// The measurement ended without a word.
process.on('disconnect', () => process.exit())
