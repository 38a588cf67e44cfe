import { Limits } from '../../server/domain/limits.ts'
import { Pairing, type Presented } from '../../server/domain/pairing.ts'
import { Rooms } from '../../server/domain/rooms.ts'
import { Secrets } from '../../server/domain/secrets.ts'
import { Sessions } from '../../server/domain/sessions.ts'
import type { Device, Role, Room } from '../../server/protocol/models.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import { StoreUnavailable, type Store } from '../../server/store/store.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { wrappedStore, type Around } from '../support/wrapped-store.ts'

export const APP_SECRET = 'test-app-secret-0123456789'
const PHONE: Device = { kind: 'phone', browser: 'Safari', os: 'iOS' }
export const LAPTOP: Device = { kind: 'desktop', browser: 'Firefox', os: 'Windows' }
export const SECOND = 1_000
export const DAY = 86_400_000

/** Keeps what a store was asked and given, as text. */
export function recorded(store: Store): { store: Store; asked: string[]; calls: (keyof Store)[] } {
  const asked: string[] = []
  const calls: (keyof Store)[] = []
  const around: Around =
    (name, call) =>
    (...args) => {
      calls.push(name)
      asked.push(JSON.stringify([name, ...args]))
      return call(...args)
    }
  return { store: wrappedStore(store, around), asked, calls }
}

/** More store calls than any single thing a test does may take. */
const MOST_CALLS = 5_000

/** A store as far away as a real one: everybody's steps come between one's own. It gives up on those that never end. */
export function distant(store: Store, ms = 0): Store {
  let calls = 0
  const onTheWay = () =>
    new Promise<void>((resolve) => void (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)))
  const around: Around =
    (_name, call) =>
    async (...args) => {
      calls += 1
      if (calls > MOST_CALLS)
        throw new StoreUnavailable(`more than ${MOST_CALLS} calls: a loop that never ends`)
      await onTheWay()
      const answer = await call(...args)
      await onTheWay()
      return answer
    }
  return wrappedStore(store, around)
}

/** Fails every call while `broken()` says so. */
export function breakable(store: Store, broken: () => boolean): Store {
  const around: Around =
    (name, call) =>
    async (...args) => {
      if (broken()) throw new StoreUnavailable(`${name} did not reach the store`)
      return call(...args)
    }
  return wrappedStore(store, around)
}

export interface Domain {
  readonly clock: TestClock
  readonly store: Store
  readonly secrets: Secrets
  readonly rooms: Rooms
  readonly sessions: Sessions
  readonly pairing: Pairing
  readonly limits: Limits
  /** Everything that was warned of. */
  readonly warnings: string[]
}

export interface DomainOptions {
  readonly clock?: TestClock
  readonly store?: Store
  readonly rateLimits?: boolean
}

/** The domain of one instance; two of one clock and store are two instances that share them. */
export function createDomain({
  clock = createTestClock(),
  store,
  rateLimits = true,
}: DomainOptions = {}): Domain {
  const warnings: string[] = []
  const shared = {
    clock,
    store: store ?? createMemoryStore({ now: () => clock.now() }),
    secrets: new Secrets(APP_SECRET),
    warn: (what: string) => void warnings.push(what),
  }
  const sessionTtlMs = 7 * DAY
  const rooms = new Rooms({ ...shared, sessionTtlMs })
  const sessions = new Sessions({ ...shared, rooms, sessionTtlMs })
  const pairing = new Pairing({ ...shared, rooms, sessions, pairingTtlMs: 120 * SECOND })
  const limits = new Limits({ ...shared, on: rateLimits })
  return { ...shared, rooms, sessions, pairing, limits, warnings }
}

/** A room with its first host. */
export async function createRoom(domain: Domain, approval: Room['approval'] = 'typed') {
  const room = await domain.rooms.create({ name: 'Studio', approval })
  const host = await domain.sessions.create(room.id, { role: 'host', name: 'Laptop', device: LAPTOP })
  return { room, host }
}

/** A room with a code for it. */
export async function issueCode(domain: Domain, role: Role = 'camera', approval: Room['approval'] = 'typed') {
  const { room, host } = await createRoom(domain, approval)
  return { room, host, code: await domain.pairing.issue(room.id, role, LAPTOP) }
}

/** A code as its QR gives it … */
export const scanned = ({ secret }: { readonly secret: string }): Presented => ({ secret })
/** … and as it is typed. */
export const typed = ({ code }: { readonly code: string }): Presented => ({ code })

export const roomy = (): boolean => false
export const full = (): boolean => true
export const somebody = { name: 'Phone', device: PHONE }

/** Lets time pass while a promise is under way, so that what waits on the clock goes on. */
export async function throughTime<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  const state = { settled: false }
  const settle = () => {
    state.settled = true
  }
  work.then(settle, settle)
  for (let step = 0; !state.settled && step < 10_000; step += 1) {
    clock.advance(1)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return work
}

/** The code of the refusal that a promise ends with. */
export const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
