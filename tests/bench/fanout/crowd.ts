/** The members of some rooms of one contender, and the load they make. */
import { setTimeout as sleep } from 'node:timers/promises'
import { frameOf, Member } from './member.ts'
import {
  MESSAGES_A_BURST,
  SPREAD_DELIVERIES,
  type Delivered,
  type Dialect,
  type Pattern,
  type Seat,
  type Times,
} from './protocol.ts'

/** Upgrades under way at once. */
const CONNECT_AT_ONCE = 32
/** What has not arrived so long after the load ended is lost. Milliseconds. */
const ARRIVE_WITHIN = 5_000
/** What comes no more for so long has all come. Milliseconds. */
const QUIET = 500
/** A pause that a timer can keep; shorter ones are waited out turn by turn. Milliseconds. */
const TIMER = 2
/** Messages that may be sent at once where the pace was missed. */
const CATCH_UP = 4

interface Seated {
  readonly member: Member
  /** What it says once, and what it says in one write of a burst. */
  readonly message: Buffer
  readonly burst: Buffer
}

interface Room {
  readonly members: Seated[]
  turn: number
  /** Deliveries under way. */
  pending: number
}

export class Crowd {
  readonly #rooms: Room[] = []
  #deliveries = 0
  #reads = 0
  #failure: string | undefined
  #settled: (room: Room) => void = () => undefined

  static async connect(port: number, dialect: Dialect, rooms: readonly (readonly Seat[])[]): Promise<Crowd> {
    const crowd = new Crowd()
    const spoken = new Map<string, Pick<Seated, 'message' | 'burst'>>()
    /** Made once for all that say the same. */
    const framesOf = (text: string): Pick<Seated, 'message' | 'burst'> => {
      const known = spoken.get(text)
      if (known !== undefined) return known
      const message = frameOf(text)
      const frames = {
        message,
        burst: Buffer.concat(Array.from({ length: MESSAGES_A_BURST }, () => message)),
      }
      spoken.set(text, frames)
      return frames
    }
    const waiting = rooms.flatMap((seats) => {
      const room: Room = { members: [], turn: 0, pending: 0 }
      crowd.#rooms.push(room)
      return seats.map((seat) => ({ room, seat }))
    })
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { room, seat } = next
        const member = await Member.seat(seat.port ?? port, seat, dialect, {
          received: (messages) => crowd.#received(room, messages),
          failed: (why) => (crowd.#failure ??= why),
        })
        room.members.push({ member, ...framesOf(seat.message ?? dialect.message) })
      }
    }
    await Promise.all(Array.from({ length: CONNECT_AT_ONCE }, work))
    await crowd.#quiet()
    return crowd
  }

  async close(): Promise<void> {
    await Promise.all(this.#rooms.flatMap(({ members }) => members.map(({ member }) => member.close())))
  }

  /** @throws where a delivery is missing at the end, or a member was closed */
  async load(pattern: Pattern, ms: number): Promise<Delivered> {
    this.#deliveries = 0
    this.#reads = 0
    for (const room of this.#rooms) room.pending = 0
    const began = performance.now()
    const sent = await (pattern === 'burst' ? this.#bursts(began + ms) : this.#spread(began + ms))
    const lostAt = performance.now() + ARRIVE_WITHIN
    while (this.#deliveries < sent && performance.now() < lostAt) await sleep(1)
    if (this.#failure !== undefined) throw new Error(this.#failure)
    if (this.#deliveries !== sent) throw new Error(`${this.#deliveries} of ${sent} deliveries arrived`)
    return { deliveries: this.#deliveries, reads: this.#reads, ms: performance.now() - began }
  }

  /**
   * One message at a time, of one room after the other.
   * @throws where one does not arrive, or a member was closed
   */
  async ping(times: number): Promise<Times> {
    const taken: number[] = []
    for (const room of this.#rooms) room.pending = 0
    for (let n = 0; n < times; n += 1) {
      const room = this.#rooms[n % this.#rooms.length]
      if (room === undefined) throw new Error('there are no rooms')
      const began = performance.now()
      await new Promise<void>((resolve, reject) => {
        const lost = setTimeout(() => reject(new Error('a message did not arrive')), ARRIVE_WITHIN)
        this.#settled = () => {
          taken.push(performance.now() - began)
          clearTimeout(lost)
          resolve()
        }
        this.#say(room, 'message', 1)
      })
      await sleep(1)
    }
    this.#settled = () => undefined
    if (this.#failure !== undefined) throw new Error(this.#failure)
    return taken
  }

  /** Until the members were told of each other. */
  async #quiet(): Promise<void> {
    for (let before = -1; before !== this.#deliveries; await sleep(QUIET)) before = this.#deliveries
  }

  /** @returns the deliveries this asks for */
  #say(room: Room, frames: 'message' | 'burst', messages: number): number {
    const { members } = room
    const deliveries = messages * (members.length - 1)
    room.pending += deliveries
    room.turn = (room.turn + 1) % members.length
    const speaker = members[room.turn]
    speaker?.member.write(speaker[frames])
    return deliveries
  }

  /** All rooms at once, each with one burst under way. */
  async #bursts(until: number): Promise<number> {
    let sent = 0
    const next = (room: Room) => {
      if (performance.now() < until) sent += this.#say(room, 'burst', MESSAGES_A_BURST)
    }
    this.#settled = next
    for (const room of this.#rooms) next(room)
    await sleep(until - performance.now())
    this.#settled = () => undefined
    return sent
  }

  /** One room after the other, each with one message under way at most, so that nothing can be batched. */
  async #spread(until: number): Promise<number> {
    this.#settled = () => undefined
    const others = (this.#rooms[0]?.members.length ?? 0) - 1
    const gap = (1000 * others) / SPREAD_DELIVERIES
    let sent = 0
    let index = 0
    let due = performance.now()
    for (let now = due; now < until; now = performance.now()) {
      for (let n = 0; n < CATCH_UP && due <= now; n += 1) {
        const room = this.#rooms[index % this.#rooms.length]
        index += 1
        if (room?.pending === 0) sent += this.#say(room, 'message', 1)
        due += gap
      }
      // A server that cannot keep the pace is asked for what it can.
      if (due < now) due = now
      if (due - now > TIMER) await sleep(due - now - 1)
      else await new Promise((resolve) => setImmediate(resolve))
    }
    return sent
  }

  #received(room: Room, messages: number): void {
    this.#deliveries += messages
    this.#reads += 1
    room.pending -= messages
    if (room.pending === 0) this.#settled(room)
  }
}
