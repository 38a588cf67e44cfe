import type { Answer, Command } from './commands.ts'
import { nextOf, sendTogether, type Send, type Waiting } from './sending.ts'

/**
 * What is asked for in one turn of the event loop goes as one request, whatever is out already: rooms that ask alike at
 * once would else take a connection each. Nothing of it is a transaction.
 */
export function createTogether(send: Send): (commands: readonly Command[]) => Promise<readonly Answer[]> {
  const waiting: Waiting[] = []

  const go = (): void => {
    while (waiting.length > 0) void sendTogether(waiting.splice(0, nextOf(waiting).length), send)
  }

  return (commands) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ commands, atomic: false, resolve, reject }) === 1) setImmediate(go)
    })
}
