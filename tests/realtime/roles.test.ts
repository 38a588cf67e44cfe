import { expect, test } from 'vitest'
import { addHost, addMember, addPending, newRoom, stage, type Seated, type Stage } from './support.ts'

type Role = 'host' | 'viewer' | 'camera'
type Outcome = 'ok' | 'forbidden' | 'not_found' | 'check_wrong'
const ROLES: readonly Role[] = ['host', 'viewer', 'camera']

/** One of each role besides the sender, and a claim that waits. */
interface Cast {
  readonly members: Readonly<Record<Role, Seated>>
  readonly waiting: { readonly pairing: string; readonly check: string }
}

async function cast(here: Stage): Promise<Cast> {
  return {
    members: {
      host: await addHost(here),
      viewer: await addMember(here, 'viewer'),
      camera: await addMember(here),
    },
    waiting: await addPending(here),
  }
}

interface Row {
  readonly message: string
  readonly build: (target: Cast, to: Role) => Record<string, unknown>
  /** Who is addressed; where a message addresses nobody, one stands for all. */
  readonly to: readonly Role[]
  /** The contract's answer within one room. */
  readonly own: (from: Role, to: Role) => Outcome
  /** The same where what it names belongs to another room; nothing where it names nothing. */
  readonly foreign?: (from: Role) => Outcome
}

const hostOnly = (answer: Outcome) => (from: Role) => (from === 'host' ? answer : 'forbidden')

const ROWS: readonly Row[] = [
  {
    message: 'signal',
    build: ({ members }, to) => ({ type: 'signal', to: members[to].id, data: 1 }),
    to: ROLES,
    own: (from, to) => (from === 'camera' && to === 'camera' ? 'forbidden' : 'ok'),
    foreign: () => 'not_found',
  },
  {
    message: 'message to one',
    build: ({ members }, to) => ({ type: 'message', to: members[to].id, data: 1 }),
    to: ROLES,
    own: () => 'ok',
    foreign: () => 'not_found',
  },
  { message: 'message to all', build: () => ({ type: 'message', data: 1 }), to: ['host'], own: () => 'ok' },
  { message: 'state', build: () => ({ type: 'state', state: { a: 1 } }), to: ['host'], own: () => 'ok' },
  {
    message: 'command',
    build: ({ members }, to) => ({ type: 'command', to: members[to].id, name: 'x' }),
    to: ROLES,
    own: (from, to) => (from === 'host' && to === 'camera' ? 'ok' : 'forbidden'),
    foreign: hostOnly('not_found'),
  },
  {
    message: 'result',
    build: ({ members }, to) => ({ type: 'result', to: members[to].id, ref: 'unknown', ok: true }),
    to: ROLES,
    own: (from) => (from === 'camera' ? 'not_found' : 'forbidden'),
    foreign: (from) => (from === 'camera' ? 'not_found' : 'forbidden'),
  },
  {
    message: 'approve',
    build: ({ waiting }) => ({ type: 'approve', pairing: waiting.pairing, check: waiting.check }),
    to: ['host'],
    own: hostOnly('ok'),
    foreign: hostOnly('not_found'),
  },
  {
    message: 'deny',
    build: ({ waiting }) => ({ type: 'deny', pairing: waiting.pairing }),
    to: ['host'],
    own: hostOnly('ok'),
    foreign: hostOnly('not_found'),
  },
  {
    message: 'watch',
    build: ({ members }, to) => ({ type: 'watch', camera: members[to].id, on: true }),
    to: ROLES,
    own: (from, to) => (from !== 'camera' && to === 'camera' ? 'ok' : 'forbidden'),
    foreign: (from) => (from === 'camera' ? 'forbidden' : 'not_found'),
  },
  {
    message: 'key-frame',
    build: ({ members }, to) => ({ type: 'key-frame', camera: members[to].id }),
    to: ['host', 'viewer'],
    own: () => 'forbidden',
    foreign: (from) => (from === 'camera' ? 'forbidden' : 'not_found'),
  },
]

const cases = ROWS.flatMap((row) =>
  ROLES.flatMap((from) => [
    ...row.to.map((to) => ({ row, from, to, room: 'own', expected: row.own(from, to) })),
    ...(row.foreign === undefined
      ? []
      : row.to.map((to) => ({ row, from, to, room: 'foreign', expected: row.foreign?.(from) }))),
  ]),
)

test.each(cases.map((one) => [one.row.message, one.from, one.to, one.room, one.expected, one] as const))(
  '[SESS-4] %s from a %s to a %s of its %s room: %s',
  async (_message, from, to, room, expected, { row }) => {
    const here = await stage()
    const sender = from === 'host' ? here.host : await addMember(here, from)
    const target = await cast(room === 'own' ? here : await newRoom(here.app))
    const counts = ROLES.map((role) => target.members[role].client.received.length)
    const reply = await sender.client.ask(row.build(target, to))
    expect(reply.ok ? 'ok' : reply.code).toBe(expected)
    if (expected === 'ok') return
    for (const [index, role] of ROLES.entries()) {
      const { client } = target.members[role]
      expect((await client.settled()).slice(counts[index]).map(({ type }) => type)).toEqual(['pong'])
    }
  },
)

test('[SESS-4] the matrix covers every message, role and room', () => {
  expect(cases.length).toBe(120)
})
