import type { Bus } from '../bus/bus.ts'
import { BusUnavailable } from '../bus/bus.ts'
import { every, type Clock, type Disposer } from '../domain/clock.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'
import { isBatch, readBatch, type Batch } from './batch.ts'
import { letterText, readLetter, type Draft, type Letter } from './letters.ts'
import { Neighbours } from './neighbours.ts'
import { Pauses } from './pauses.ts'

/** What counters were missed others learn so often. Milliseconds. */
const REPEAT_EVERY = 60_000
/** A hello does not wait longer for the inbox to open: the store is away then, or soon said to be. */
const OPEN_WITHIN = 1_500

/** Pauses before a letter is sent once more, each twice as long, and how long that goes on. Milliseconds. */
const SEND_AGAIN = { first: 100, most: 1_000, within: 10_000 }
/** What tells nothing when it comes late. */
const OF_THE_MOMENT: ReadonlySet<Letter['t']> = new Set<Letter['t']>(['ping', 'pong', 'echo'])

/** What the post office hands on. */
export interface PostListener {
  batch(batch: Batch): void
  letter(letter: Letter): void
  /** The inbox is open again, or this process was stopped for a while: others may have missed this instance. */
  returned(): void
  dead(instance: InstanceId, rooms: ReadonlySet<RoomId>): void
  /** The inbox is lost. */
  cut(): void
  /** Once a minute. */
  repeat(): void
}

export interface PostOptions {
  readonly bus: Bus
  readonly instance: InstanceId
  readonly clock: Clock
  readonly peerTimeoutMs: number
  readonly listener: PostListener
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

/** This instance's inbox and its way to those of others; who of them lives. */
export class Post {
  readonly neighbours: Neighbours
  readonly #options: PostOptions
  readonly #repeat: Disposer
  readonly #waiting = new Set<() => void>()
  /** Of letters that are to be sent once more. */
  readonly #pauses: Pauses
  #isAway = false
  #stop: () => void = () => undefined
  #isOpen = false
  #wasOpen = false

  constructor(options: PostOptions) {
    this.#options = options
    const { clock, instance, peerTimeoutMs, listener, log } = options
    this.#pauses = new Pauses(clock)
    this.neighbours = new Neighbours({
      clock,
      instance,
      timeoutMs: peerTimeoutMs,
      send: (to, draft) => this.send(to, draft),
      dead: (other, rooms) => {
        log.warn({ other }, 'another instance does not answer: its members have left')
        void this.send(other, { t: 'obituary' })
        listener.dead(other, rooms)
      },
      paused: () => {
        log.warn({}, 'this process was stopped for a while: the others are greeted anew')
        listener.returned()
      },
      deaf: () => {
        log.warn({}, 'the own inbox does not deliver: it is opened again')
        this.#lost()
        this.#stop()
        this.#listen()
      },
    })
    this.#repeat = every(clock, REPEAT_EVERY, () => listener.repeat())
    this.#listen()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Resolves when the inbox is open, or has not been for a while. */
  async opened(): Promise<void> {
    if (this.#isOpen) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        end()
        this.#waiting.delete(done)
        resolve()
      }
      const end = this.#options.clock.after(OPEN_WITHIN, done)
      this.#waiting.add(done)
    })
  }

  /**
   * Sends a letter, and again where the way out alone is lost: whoever it is for would not miss it. While the store is
   * away everybody is greeted anew when it is back.
   * @returns how many listened; nothing where it could not be sent
   */
  async send(to: InstanceId, draft: Draft): Promise<number | undefined> {
    const { bus, instance, log } = this.#options
    const text = letterText(instance, draft)
    let waited = OF_THE_MOMENT.has(draft.t) ? Infinity : 0
    for (let pause = SEND_AGAIN.first; ; pause = Math.min(SEND_AGAIN.most, 2 * pause)) {
      try {
        return await bus.send(to, text)
      } catch (error) {
        if (!(error instanceof BusUnavailable)) throw error
        if (this.#isAway || this.#pauses.isOver || waited >= SEND_AGAIN.within) {
          log.info({ to, err: error.message }, 'a letter could not be sent')
          return undefined
        }
      }
      await this.#pauses.pause(pause)
      waited += pause
    }
  }

  /** Nobody is judged by what happened while the store was away. */
  storeChanged(isAway: boolean): void {
    this.#isAway = isAway
    if (isAway) this.neighbours.cut()
    else if (this.#isOpen) this.neighbours.opened()
  }

  async close(): Promise<void> {
    this.#repeat()
    this.#pauses.end()
    this.neighbours.dispose()
    this.#stop()
    await this.#options.bus.close()
  }

  #listen(): void {
    if (this.#pauses.isOver) return
    this.#stop = this.#options.bus.listen(this.#options.instance, {
      deliver: (text) => this.#deliver(text),
      opened: () => {
        const isAgain = this.#wasOpen
        this.#isOpen = true
        this.#wasOpen = true
        this.neighbours.opened()
        for (const done of [...this.#waiting]) done()
        if (isAgain) this.#options.listener.returned()
      },
      cut: (why) => {
        this.#options.log.info({ why }, 'the inbox was lost')
        this.#lost()
      },
    })
  }

  #lost(): void {
    this.#isOpen = false
    this.neighbours.cut()
    this.#options.listener.cut()
  }

  #deliver(text: string): void {
    const { listener, instance, log } = this.#options
    if (isBatch(text)) {
      const batch = readBatch(text)
      if (batch === undefined)
        log.warn({}, 'events of another instance cannot be read and are treated as absent')
      else {
        this.neighbours.heard(batch.instance)
        listener.batch(batch)
      }
      return
    }
    const letter = readLetter(text)
    if (letter === undefined) {
      log.warn({}, 'a letter of another instance cannot be read and is treated as absent')
      return
    }
    if (letter.from !== instance) this.neighbours.heard(letter.from)
    if (letter.t === 'echo') this.neighbours.echoed(letter.n)
    else if (letter.t === 'ping') void this.send(letter.from, { t: 'pong' })
    else if (letter.t === 'obituary') listener.returned()
    else listener.letter(letter)
  }
}
