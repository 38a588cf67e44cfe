import type { Answer, Command } from './commands.ts'
import { answersAt, Gathering } from './gathering.ts'

/** Requests larger than this go on their own; the smallest plan takes 10 MB. Characters. */
const MAX_REQUEST = 1024 * 1024
const MOST_COMMANDS = 1_000

export type Send = (commands: readonly Command[], atomic: boolean) => Promise<readonly Answer[]>

/** What somebody asked for, and waits for. */
export interface Waiting {
  readonly commands: readonly Command[]
  readonly atomic: boolean
  resolve(answers: readonly Answer[]): void
  reject(error: unknown): void
}

const sizeOf = (commands: readonly Command[]): number => {
  let size = 0
  for (const command of commands) for (const part of command) size += part.length
  return size
}

/** As many of those that wait as one request may carry; a transaction is a request of its own. */
export function nextOf<T extends Waiting>(waiting: readonly T[]): readonly T[] {
  let count = 0
  let size = 0
  let commands = 0
  for (const item of waiting) {
    size += sizeOf(item.commands)
    commands += item.commands.length
    if (count > 0 && (item.atomic || size > MAX_REQUEST || commands > MOST_COMMANDS)) break
    count += 1
    if (item.atomic) break
  }
  return waiting.slice(0, count)
}

/** One request for all of them, messages for one channel as one. Never rejects: who waits is told. */
export async function sendTogether(batch: readonly Waiting[], send: Send): Promise<void> {
  try {
    const [first] = batch
    if (first !== undefined && batch.length === 1) {
      first.resolve(await send(first.commands, first.atomic))
      return
    }
    const gathering = new Gathering()
    const places = batch.map(({ commands }) => gathering.add(commands))
    gathering.close()
    const answers = await send(gathering.commands, false)
    for (const [index, { resolve }] of batch.entries()) resolve(answersAt(places[index] ?? [], answers))
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}
