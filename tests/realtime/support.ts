import { afterEach, expect } from 'vitest'
import type { RoomCreated } from '../../server/protocol/api.ts'
import type { ServerMessage, ServerMessageOf } from '../../server/protocol/messages.ts'
import { createMemoryStore } from '../../server/store/memory.ts'
import type { Store } from '../../server/store/store.ts'
import { claimCode, createRoom, issueCode, pair, secretOf, testApp } from '../support/app.ts'
import type { TestApp, TestAppOptions } from '../support/app.ts'
import { join, type TestClient } from '../support/client.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'

/** A session with its live connection. */
export interface Seated {
  readonly id: string
  readonly token: string
  readonly client: TestClient
  readonly welcome: ServerMessageOf<'welcome'>
}

/** A room with its first host connected. */
export interface Stage {
  readonly app: TestApp
  readonly room: RoomCreated['room']
  readonly host: Seated
}

const running: TestApp[] = []
afterEach(async () => {
  // In the order of their opening: a later app may still use the store of an earlier one.
  for (const app of running.splice(0)) await app.close()
})

/** An app that ends with the test. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const app = await testApp(options)
  running.push(app)
  return app
}

/** Connects a session, or connects it again. */
export async function seat(
  app: TestApp,
  session: { readonly id: string; readonly token: string },
  hello: { attempt?: number; resume?: string } = {},
): Promise<Seated> {
  const { client, welcome } = await join(app.url, session.token, hello)
  return { id: session.id, token: session.token, client, welcome }
}

/** One more room of an app, with its host connected. */
export async function newRoom(app: TestApp, body: object = {}): Promise<Stage> {
  const { room, session } = await createRoom(app.url, body)
  return { app, room, host: await seat(app, session) }
}

/** An app with one room. */
export const stage = async (options: TestAppOptions = {}, body: object = {}): Promise<Stage> =>
  newRoom(await startApp(options), body)

/** The same on a clock that the test moves. */
export async function timedStage(
  env: Readonly<Record<string, string>> = {},
): Promise<Stage & { readonly clock: TestClock }> {
  const clock = createTestClock()
  return { ...(await stage({ clock, env })), clock }
}

/** A member that came in by a scanned code. */
export async function addMember({ app, host }: Stage, role: 'camera' | 'viewer' = 'camera'): Promise<Seated> {
  const { session } = await pair(app.url, host.token, role)
  return seat(app, session)
}

/** A claim that waits for a host's decision: a host's code always does [PAIR-5]. */
export async function addPending(
  { app, host }: Stage,
  role: 'camera' | 'viewer' | 'host' = 'host',
): Promise<Seated & { readonly check: string; readonly pairing: string }> {
  const code = await issueCode(app.url, host.token, role)
  const { session, check } = await claimCode(
    app.url,
    role === 'host' ? { secret: secretOf(code) } : { code: code.code },
  )
  if (check === undefined) throw new Error('the claim does not wait')
  return { ...(await seat(app, session)), check, pairing: code.id }
}

/** A second host, let in by the first. */
export async function addHost(from: Stage): Promise<Seated> {
  const { check, pairing, ...pending } = await addPending(from)
  expect(await from.host.client.ask({ type: 'approve', pairing, check })).toMatchObject({ ok: true })
  await pending.client.next('approved')
  return pending
}

/** What came after the messages that were there already. */
export async function since(client: TestClient, count: number): Promise<ServerMessage[]> {
  return (await client.settled()).slice(count).filter(({ type }) => type !== 'pong')
}

/** Messages of some types, without the rest. */
export const only = (
  messages: readonly ServerMessage[],
  ...types: ServerMessage['type'][]
): ServerMessage[] => messages.filter(({ type }) => types.includes(type))

/** Data of the `message` events, oldest first. */
export const dataOf = (messages: readonly ServerMessage[]): unknown[] =>
  messages.flatMap((message) => (message.type === 'message' ? [message.data] : []))

/**
 * Lets time pass for connections that live: in steps that leave each ping of the server time to be answered.
 * A round trip gets the ping to the client; a second one its pong to the server.
 */
export async function pass(clock: TestClock, ms: number, clients: readonly TestClient[]): Promise<void> {
  const STEP = 9_000
  for (let left = ms; left > 0; left -= STEP) {
    clock.advance(Math.min(left, STEP))
    for (let round = 0; round < 2; round += 1) await Promise.all(clients.map((client) => client.settled()))
  }
}

/** A store in memory whose reads can be held back, like those of a store far away. */
export interface SlowStore {
  readonly store: Store
  /** From now on reads of values (rooms, codes) or of rows (sessions) wait; `asked` resolves with the first. */
  hold(what: 'values' | 'rows'): { readonly asked: Promise<void>; release(): void }
}

export function slowStore(): SlowStore {
  const inner = createMemoryStore()
  let held:
    | { readonly what: 'values' | 'rows'; readonly gate: Promise<void>; readonly asked: () => void }
    | undefined
  const late = async <T>(what: 'values' | 'rows', value: T): Promise<T> => {
    if (held?.what !== what) return value
    held.asked()
    await held.gate
    return value
  }
  return {
    store: {
      ...inner,
      get: async (key) => late('values', await inner.get(key)),
      row: async (table, row) => late('rows', await inner.row(table, row)),
      replaceRow: async (...args) => late('rows', await inner.replaceRow(...args)),
    },
    hold(what) {
      let release: () => void = () => undefined
      let asked: () => void = () => undefined
      const gate = new Promise<void>((resolve) => (release = resolve))
      const first = new Promise<void>((resolve) => (asked = resolve))
      held = { what, gate, asked }
      return {
        asked: first,
        release() {
          held = undefined
          release()
        },
      }
    },
  }
}
