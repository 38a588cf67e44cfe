import type { Answer, Command } from './commands.ts'
import { nextOf, sendTogether, type Send, type Waiting } from './sending.ts'

/** Requests of one lane that are out at once. */
const MOST_OUT = 3
/** Commands for which a request goes beside others; less waits for one of them, since what goes together costs less. */
const WORTH = 32

/** What waits for what was asked before it with one of its names. */
interface Ordered extends Waiting {
  readonly names: readonly string[]
}

const has = (set: ReadonlySet<string>, names: readonly string[]): boolean =>
  names.some((name) => set.has(name))

/** The first of those that wait, up to a number of commands, and what would have to wait for them. */
function partOf(ready: readonly Ordered[], commands: number): readonly Ordered[] {
  const taken = new Set<string>()
  const left = new Set<string>()
  let count = 0
  return ready.filter((item) => {
    const goes = !has(left, item.names) && (count < commands || has(taken, item.names))
    for (const name of item.names) (goes ? taken : left).add(name)
    if (goes) count += item.commands.length
    return goes
  })
}

/**
 * Keeps in order what has a name in common, where requests that are out at once would overtake each other, and asks for
 * all of it together in few requests. One at a time would keep every order too, but then all wait for it together, and
 * nobody works meanwhile: several share what waits evenly.
 */
class Lane {
  readonly #send: Send
  #waiting: Ordered[] = []
  /** Names of what is out. */
  readonly #busy = new Set<string>()
  #out = 0
  #isDue = false

  constructor(send: Send) {
    this.#send = send
  }

  ask(commands: readonly Command[], names: readonly string[], atomic: boolean): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commands, names, atomic, resolve, reject })
      this.#soon()
    })
  }

  /** Whoever was answered just now may ask for the next thing: a request costs far more than what is in it. */
  #soon(): void {
    if (this.#isDue || this.#out === MOST_OUT) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.#go()
    })
  }

  #go(): void {
    while (this.#out < MOST_OUT) {
      const part = this.#next()
      if (part.length === 0) return
      void this.#sendPart(part)
    }
  }

  async #sendPart(part: readonly Ordered[]): Promise<void> {
    const names = part.flatMap((item) => item.names)
    for (const name of names) this.#busy.add(name)
    this.#out += 1
    await sendTogether(part, this.#send)
    this.#out -= 1
    for (const name of names) this.#busy.delete(name)
    this.#soon()
  }

  /** Takes out what goes in the next request; nothing where that is better put off. */
  #next(): readonly Ordered[] {
    const ready = this.#ready()
    const [first] = ready
    const commands = ready.reduce((sum, item) => sum + item.commands.length, 0)
    if (first === undefined || (this.#out > 0 && commands < WORTH && !first.atomic)) return []
    const share = Math.ceil(commands / (MOST_OUT - this.#out))
    const part = new Set(nextOf(partOf(ready, Math.max(WORTH, share))))
    this.#waiting = this.#waiting.filter((item) => !part.has(item))
    return [...part]
  }

  /** What waits for nothing that is out. */
  #ready(): readonly Ordered[] {
    const held = new Set(this.#busy)
    return this.#waiting.filter(({ names }) => {
      const isReady = !has(held, names)
      if (!isReady) for (const name of names) held.add(name)
      return isReady
    })
  }
}

/** @returns asks for commands behind all that was asked before with one of the same names */
export function createLane(
  send: Send,
): (commands: readonly Command[], names: readonly string[], atomic: boolean) => Promise<readonly Answer[]> {
  const lane = new Lane(send)
  return (commands, names, atomic) => lane.ask(commands, names, atomic)
}
