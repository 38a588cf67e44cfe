import type { InstanceId } from '../protocol/ids.ts'
import type { Bus, Listener } from './bus.ts'

/** The bus of instances in one process; of one instance, which then talks to nobody but itself. */
export function createLocalBus(inboxes = new Map<InstanceId, Listener>()): Bus {
  let stop: () => void = () => undefined
  return {
    listen(inbox, listener) {
      inboxes.set(inbox, listener)
      stop = () => {
        if (inboxes.get(inbox) === listener) inboxes.delete(inbox)
      }
      queueMicrotask(() => {
        if (inboxes.get(inbox) === listener) listener.opened()
      })
      return () => stop()
    },
    async send(to, text) {
      const listener = inboxes.get(to)
      if (listener !== undefined) queueMicrotask(() => listener.deliver(text))
      return listener === undefined ? 0 : 1
    },
    async close() {
      stop()
    },
  }
}
