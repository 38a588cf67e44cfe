import { setImmediate } from 'node:timers/promises'
import type { Answer, Command } from './commands.ts'
import { answersAt, Gathering } from './gathering.ts'

/** Requests larger than this go on their own; the smallest plan takes 10 MB. Characters. */
const MAX_REQUEST = 1024 * 1024
const MAX_COMMANDS = 1_000

type Send = (commands: readonly Command[], atomic: boolean) => Promise<readonly Answer[]>

interface Waiting {
  readonly commands: readonly Command[]
  readonly atomic: boolean
  readonly size: number
  resolve(answers: readonly Answer[]): void
  reject(error: unknown): void
}

const sizeOf = (commands: readonly Command[]): number => {
  let size = 0
  for (const command of commands) for (const part of command) size += part.length
  return size
}

/**
 * Keeps requests in order where parallel ones would overtake each other: one is out at a time, and what is asked
 * for meanwhile goes together in the next, messages for one channel as one. A transaction is a request of its own.
 */
export function createLane(
  send: Send,
): (commands: readonly Command[], atomic: boolean) => Promise<readonly Answer[]> {
  let waiting: Waiting[] = []
  let busy = false

  /** As many of those that wait as one request may carry. */
  const next = (): Waiting[] => {
    let count = 0
    let size = 0
    let commands = 0
    for (const item of waiting) {
      size += item.size
      commands += item.commands.length
      if (count > 0 && (item.atomic || size > MAX_REQUEST || commands > MAX_COMMANDS)) break
      count += 1
      if (item.atomic) break
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  const gathered = async (batch: readonly Waiting[]): Promise<void> => {
    const gathering = new Gathering()
    const places = batch.map(({ commands }) => gathering.add(commands))
    gathering.close()
    const answers = await send(gathering.commands, false)
    for (const [index, { resolve }] of batch.entries()) resolve(answersAt(places[index] ?? [], answers))
  }

  const run = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      const batch = next()
      try {
        if (batch[0]?.atomic === true) batch[0].resolve(await send(batch[0].commands, true))
        else await gathered(batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
      // Whoever was answered just now may ask for the next thing: a request costs far more than what is in it.
      await setImmediate()
    }
    busy = false
  }

  return (commands, atomic) =>
    new Promise((resolve, reject) => {
      waiting.push({ commands, atomic, size: sizeOf(commands), resolve, reject })
      if (!busy) void run()
    })
}
