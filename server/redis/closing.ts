import { RedisFailure } from './failure.ts'
import type { RedisLink } from './commands.ts'

/**
 * Lets a link be closed in good order: what was asked before is still done.
 * @param end ends the link itself; called once
 */
export function closing(ask: RedisLink['ask'], end: () => void = () => undefined): RedisLink {
  const pending = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined
  const forget = async (asked: Promise<unknown>): Promise<void> => {
    await Promise.allSettled([asked])
    pending.delete(asked)
  }
  const finish = async (): Promise<void> => {
    await Promise.allSettled(pending)
    end()
  }
  return {
    ask(commands, manner) {
      if (closed !== undefined)
        return Promise.reject(new RedisFailure('the connection was closed', 'network'))
      const asked = ask(commands, manner)
      pending.add(asked)
      void forget(asked)
      return asked
    },
    close: () => (closed ??= finish()),
  }
}
