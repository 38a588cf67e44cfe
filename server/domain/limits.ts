import { isIPv6 } from 'node:net'
import type { RoomId } from '../protocol/ids.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import { Refusal } from './refusal.ts'
import type { Secrets } from './secrets.ts'

const MINUTE = 60_000
/** [PAIR-6]: unknown codes from one address in the window, and unknown typed codes from everywhere. */
const UNKNOWN_CODES = { most: 5, windowMs: 2 * MINUTE }
const UNKNOWN_TYPED_CODES = { most: 2_000, windowMs: 2 * MINUTE }
const TYPED_OFF_FOR = 2 * MINUTE
/** [SEC-7] */
const ROOMS_BY_ADDRESS = { most: 30, windowMs: 10 * MINUTE }
const CODES_BY_ROOM = { most: 30, windowMs: 10 * MINUTE }
const SOCKETS_BY_ADDRESS = { most: 200, windowMs: MINUTE }

interface Bound {
  readonly most: number
  readonly windowMs: number
}

/** Above this many remembered keys the ended windows are thrown out. */
const SWEEP_ABOVE = 10_000

/** Counts in windows that start with a key's first hit. Bounded: ended windows go. */
class Windows {
  readonly #clock: Clock
  readonly #bound: Bound
  readonly #windows = new Map<string, { count: number; endsAt: number }>()

  constructor(clock: Clock, bound: Bound) {
    this.#clock = clock
    this.#bound = bound
  }

  /** Milliseconds until a key over its bound may try again; 0: it may now. */
  blockedFor(key: string): number {
    const window = this.#windows.get(key)
    if (window === undefined || window.count < this.#bound.most) return 0
    return Math.max(0, window.endsAt - this.#clock.now())
  }

  countOf(key: string): number {
    const window = this.#windows.get(key)
    return window === undefined || window.endsAt <= this.#clock.now() ? 0 : window.count
  }

  hit(key: string, count?: number): void {
    const now = this.#clock.now()
    if (this.#windows.size > SWEEP_ABOVE) {
      for (const [old, window] of this.#windows) if (window.endsAt <= now) this.#windows.delete(old)
    }
    const window = this.#windows.get(key)
    if (window === undefined || window.endsAt <= now) {
      this.#windows.set(key, { count: count ?? 1, endsAt: now + this.#bound.windowMs })
    } else {
      window.count = Math.max(window.count + 1, count ?? 0)
    }
  }
}

/** The part of an address that one subscriber holds: an IPv4 address, or an IPv6 /64. */
export function subscriberOf(address: string): string {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const last = tail === undefined ? [] : tail.split(':').filter((group) => group !== '')
  const whole =
    tail === undefined
      ? groups
      : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - last.length)).fill('0'), ...last]
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/**
 * Bounds on guessing and flooding. Asking costs the store nothing until somebody fails [PAIR-6].
 * Methods throw `Refusal` with `rate_limited`.
 */
export class Limits {
  readonly #store: Store
  readonly #secrets: Secrets
  readonly #clock: Clock
  readonly #on: boolean
  readonly #unknown: Windows
  readonly #tries = new Map<string, { here: number; running: number; readonly waiting: (() => void)[] }>()
  #typedOffUntil = 0
  readonly #rooms: Windows
  readonly #codes: Windows
  readonly #sockets: Windows

  constructor(deps: { store: Store; clock: Clock; secrets: Secrets; on: boolean }) {
    this.#store = deps.store
    this.#secrets = deps.secrets
    this.#clock = deps.clock
    this.#on = deps.on
    this.#unknown = new Windows(deps.clock, UNKNOWN_CODES)
    this.#rooms = new Windows(deps.clock, ROOMS_BY_ADDRESS)
    this.#codes = new Windows(deps.clock, CODES_BY_ROOM)
    this.#sockets = new Windows(deps.clock, SOCKETS_BY_ADDRESS)
  }

  /**
   * Waits until this address may try one code more at the same time as those it is trying: never more at once
   * than it may still get wrong. Its release is to be called when the try is over.
   */
  async turn(address: string): Promise<() => void> {
    const subscriber = subscriberOf(address)
    const tries = this.#tries.get(subscriber) ?? { here: 0, running: 0, waiting: [] }
    this.#tries.set(subscriber, tries)
    tries.here += 1
    while (this.#on && tries.running >= Math.max(1, UNKNOWN_CODES.most - this.#unknown.countOf(subscriber))) {
      await new Promise<void>((resolve) => tries.waiting.push(resolve))
    }
    tries.running += 1
    return () => {
      tries.running -= 1
      tries.here -= 1
      for (const resume of tries.waiting.splice(0)) resume()
      if (tries.here === 0) this.#tries.delete(subscriber)
    }
  }

  /** Before a claim or preview. */
  admitTry(address: string, typed: boolean): void {
    this.#refuse(this.#unknown.blockedFor(subscriberOf(address)), 'Too many wrong codes from this network.')
    if (typed) {
      this.#refuse(
        this.#typedOffUntil - this.#clock.now(),
        'Typed codes are switched off for a moment. Scan the code instead.',
      )
    }
  }

  /** After a claim or preview of an unknown code. */
  async unknownCode(address: string, typed: boolean): Promise<void> {
    if (!this.#on) return
    const subscriber = subscriberOf(address)
    const key = this.#secrets.hash('address', subscriber)
    this.#unknown.hit(subscriber, await this.#store.hit(`unknown:${key}`, UNKNOWN_CODES.windowMs))
    if (!typed) return
    const count = await this.#store.hit('unknown-typed', UNKNOWN_TYPED_CODES.windowMs)
    if (count >= UNKNOWN_TYPED_CODES.most) this.#typedOffUntil = this.#clock.now() + TYPED_OFF_FOR
  }

  room(address: string): void {
    this.#count(this.#rooms, subscriberOf(address), 'Too many new rooms from this network.')
  }

  code(room: RoomId): void {
    this.#count(this.#codes, room, 'Too many new codes in this room.')
  }

  socket(address: string): void {
    this.#count(this.#sockets, subscriberOf(address), 'Too many new connections from this network.')
  }

  #count(windows: Windows, key: string, detail: string): void {
    this.#refuse(windows.blockedFor(key), detail)
    windows.hit(key)
  }

  #refuse(blockedMs: number, detail: string): void {
    if (this.#on && blockedMs > 0)
      throw new Refusal('rate_limited', `${detail} Try again in a while.`, blockedMs)
  }
}
