import { every, type Clock, type Disposer } from '../domain/clock.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'
import type { Draft } from './letters.ts'

/** Milliseconds. */
const TICK = 1_000
/** A tick that is so much late was slept through. */
const PAUSED_AFTER = 2_000
const ASK_AGAIN = 2_000
/** Others may still be about to open their inboxes too, when this instance has just opened its own again … */
const TRUST_AFTER_REOPENING = 5_000
/** … and for the first time. */
const TRUST_AFTER_OPENING = 1_500
const ECHO_WITHIN = 2_000

interface Suspicion {
  /** How often in a row nobody listened. */
  nobody: number
  askedAt: number
}

interface Neighbour {
  heardAt: number
  readonly rooms: Set<RoomId>
  suspicion: Suspicion | undefined
}

export interface NeighboursOptions {
  readonly clock: Clock
  readonly instance: InstanceId
  /** An instance that is silent so long is dead; half of it, and it is asked. Milliseconds. */
  readonly timeoutMs: number
  /** @returns how many listened; nothing where it could not be sent */
  readonly send: (to: InstanceId, draft: Draft) => Promise<number | undefined>
  readonly dead: (instance: InstanceId, rooms: ReadonlySet<RoomId>) => void
  /** This process was stopped for a while. */
  readonly paused: () => void
  /** Its own inbox takes messages and does not deliver them. */
  readonly deaf: () => void
}

/**
 * Which instances that share a room live. Dead means that nobody listens to its inbox, twice in a row, or that it was
 * silent for the whole timeout; and never while this instance may itself be the one that is cut off: its inbox must be
 * open for a while, and its own echo come back.
 */
export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #known = new Map<InstanceId, Neighbour>()
  #tick: Disposer | undefined
  #tickedAt = 0
  #trustAt = Infinity
  #wasOpen = false
  #echo: { n: number; candidates: Set<InstanceId>; end: Disposer } | undefined
  #echoes = 0

  constructor(options: NeighboursOptions) {
    this.#options = options
  }

  /** A room is shared with an instance from now on. */
  shares(instance: InstanceId, room: RoomId): void {
    const known = this.#known.get(instance)
    if (known !== undefined) {
      known.rooms.add(room)
      return
    }
    this.#known.set(instance, {
      heardAt: this.#options.clock.now(),
      rooms: new Set([room]),
      suspicion: undefined,
    })
    this.#tickedAt = this.#options.clock.now()
    this.#tick ??= every(this.#options.clock, TICK, () => this.#look())
  }

  parts(instance: InstanceId, room: RoomId): void {
    const known = this.#known.get(instance)
    known?.rooms.delete(room)
    if (known?.rooms.size === 0) this.#known.delete(instance)
    if (this.#known.size > 0) return
    this.#tick?.()
    this.#tick = undefined
  }

  heard(instance: InstanceId): void {
    const known = this.#known.get(instance)
    if (known === undefined) return
    known.heardAt = this.#options.clock.now()
    known.suspicion = undefined
  }

  /** A message for it found nobody: it is asked at once. */
  unheard(instance: InstanceId): void {
    const known = this.#known.get(instance)
    if (known !== undefined) known.suspicion ??= { nobody: 1, askedAt: this.#options.clock.now() }
  }

  /** The own inbox is open; what was not heard before says nothing. */
  opened(): void {
    const now = this.#options.clock.now()
    this.#trustAt = now + (this.#wasOpen ? TRUST_AFTER_REOPENING : TRUST_AFTER_OPENING)
    this.#wasOpen = true
    this.forgive()
  }

  /** The own inbox is lost, or the store is: nobody is judged until it is back. */
  cut(): void {
    this.#trustAt = Infinity
    this.#forgetEcho()
  }

  /** Everybody is as if heard now. */
  forgive(): void {
    const now = this.#options.clock.now()
    for (const known of this.#known.values()) {
      known.heardAt = now
      known.suspicion = undefined
    }
    this.#forgetEcho()
  }

  echoed(n: number): void {
    if (this.#echo?.n !== n) return
    const { candidates } = this.#echo
    this.#forgetEcho()
    for (const instance of candidates) {
      const known = this.#known.get(instance)
      if (known === undefined || !this.#isDead(known)) continue
      this.#known.delete(instance)
      this.#options.dead(instance, known.rooms)
    }
    if (this.#known.size === 0) {
      this.#tick?.()
      this.#tick = undefined
    }
  }

  dispose(): void {
    this.#tick?.()
    this.#tick = undefined
    this.#forgetEcho()
    this.#known.clear()
  }

  #isDead({ suspicion, heardAt }: Neighbour): boolean {
    const isSilent = this.#options.clock.now() - heardAt >= this.#options.timeoutMs
    return isSilent || (suspicion?.nobody ?? 0) >= 2
  }

  #look(): void {
    const { clock, paused } = this.#options
    const now = clock.now()
    const late = now - this.#tickedAt - TICK
    this.#tickedAt = now
    if (late > PAUSED_AFTER) {
      this.forgive()
      paused()
      return
    }
    if (this.#trustAt === Infinity) return
    for (const [instance, known] of this.#known) {
      if (known.suspicion === undefined && now - known.heardAt >= this.#askAfter(instance))
        known.suspicion = { nobody: 0, askedAt: -Infinity }
      const { suspicion } = known
      if (suspicion === undefined) continue
      if (this.#isDead(known)) this.#confirm(instance)
      else if (now - suspicion.askedAt >= ASK_AGAIN) this.#ask(instance, known, suspicion)
    }
  }

  /** One ping tells both sides that the other lives: of two, one asks a little later, and need not. */
  #askAfter(instance: InstanceId): number {
    const { timeoutMs, instance: self } = this.#options
    return timeoutMs / 2 + (instance < self ? Math.min(ASK_AGAIN, timeoutMs / 8) : 0)
  }

  #ask(instance: InstanceId, known: Neighbour, suspicion: Suspicion): void {
    suspicion.askedAt = this.#options.clock.now()
    void this.#options.send(instance, { t: 'ping' }).then((received) => {
      // It was heard meanwhile, or it is not known who listened.
      if (known.suspicion !== suspicion || received === undefined) return
      suspicion.nobody = received === 0 ? suspicion.nobody + 1 : 0
      if (suspicion.nobody >= 2) this.#confirm(instance)
    })
  }

  /** Whoever is to be declared dead is, once this instance has heard itself. */
  #confirm(instance: InstanceId): void {
    const { clock, send, instance: self, deaf } = this.#options
    if (clock.now() < this.#trustAt) return
    if (this.#echo !== undefined) {
      this.#echo.candidates.add(instance)
      return
    }
    this.#echoes += 1
    const n = this.#echoes
    const end = clock.after(ECHO_WITHIN, () => {
      this.#echo = undefined
      this.cut()
      deaf()
    })
    this.#echo = { n, candidates: new Set([instance]), end }
    void send(self, { t: 'echo', n })
  }

  #forgetEcho(): void {
    this.#echo?.end()
    this.#echo = undefined
  }
}
