import { RedisFailure } from './failure.ts'
import type { RedisLink } from './commands.ts'

/**
 * Lets a link be closed in good order: what was asked before is still done.
 * @param end ends the link itself; called once
 */
export function closing(ask: RedisLink['ask'], end: () => void = () => undefined): RedisLink {
  const pending = new Set<Promise<unknown>>()
  let closed: Promise<void> | undefined
  const finish = async (): Promise<void> => {
    await Promise.allSettled(pending)
    end()
  }
  return {
    async ask(commands, manner) {
      if (closed !== undefined) throw new RedisFailure('the connection was closed', 'network')
      const asked = ask(commands, manner)
      pending.add(asked)
      try {
        return await asked
      } finally {
        pending.delete(asked)
      }
    },
    close: () => (closed ??= finish()),
  }
}
