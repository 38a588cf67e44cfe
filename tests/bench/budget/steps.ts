/** What people do, one step at a time, each with its bill. */
import type { ServerMessageOf } from '../../../server/protocol/messages.ts'
import { call, claimCode, createRoom, issueCode, secretOf } from '../../support/app.ts'
import { join, type TestClient } from '../../support/client.ts'
import type { Bill, Billed } from './billed.ts'

export type Steps = Map<string, Bill>

type Joined = Awaited<ReturnType<typeof join>>

/** One after the other, each under its name. */
class Recorder {
  readonly steps: Steps = new Map()
  readonly #billed: Billed

  constructor(billed: Billed) {
    this.#billed = billed
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    let result: { readonly value: T } | undefined
    const bill = await this.#billed.of(async () => (result = { value: await work() }))
    if (result === undefined) throw new Error(`${name} gave nothing`)
    this.steps.set(name, bill)
    return result.value
  }
}

/** Those that make up a pairing as [SYNC-6] counts it. */
export const PAIRING = {
  scanned: ['code issued', 'previewed', 'claimed', 'phone joins', 'phone leaves'],
  typed: ['code issued', 'previewed', 'claimed', 'phone joins', 'approved', 'phone leaves'],
} as const
export type Manner = keyof typeof PAIRING

const leave = async ({ client }: Joined): Promise<void> => {
  client.send({ type: 'leave' })
  await client.closed
}

const signal = async (from: Joined, to: Joined): Promise<void> => {
  const reply = await from.client.ask({ type: 'signal', to: to.welcome.self.id, data: { candidate: 1 } })
  if (!reply.ok) throw new Error(reply.code)
  await to.client.next('signal')
}

async function approve(host: TestClient, pairing: string, check: string | undefined): Promise<void> {
  const reply = await host.ask({ type: 'approve', pairing, check })
  if (!reply.ok) throw new Error(reply.code)
}

/**
 * A pairing from the room on, and what follows it.
 * @param host where the dashboard is connected
 * @param phone where everything of the phone happens
 */
export async function pairing(billed: Billed, manner: Manner, host: string, phone: string): Promise<Steps> {
  const recorder = new Recorder(billed)
  const { session } = await recorder.step('room created', () => createRoom(host))
  const dashboard = await recorder.step('dashboard joins', () => join(host, session.token, { attempt: 1 }))
  const code = await recorder.step('code issued', () => issueCode(host, session.token))
  const said = manner === 'scanned' ? { secret: secretOf(code) } : { code: code.code }
  await recorder.step('previewed', () => call(phone, 'POST', '/api/pairings/preview', { body: said }))
  const paired = await recorder.step('claimed', () => claimCode(phone, said))
  const { token } = paired.session
  let camera = await recorder.step('phone joins', async () => {
    const joined = await join(phone, token, { attempt: 1 })
    // A pending one is told of to hosts when it was claimed, and shown to members once it is approved.
    if (manner === 'scanned') await dashboard.client.next('member-joined')
    return joined
  })
  if (manner === 'typed') {
    await recorder.step('approved', async () => {
      const { pairing: pending } = await dashboard.client.next('pairing-pending')
      await approve(dashboard.client, pending.id, paired.check)
      await camera.client.next('approved')
    })
  }
  await recorder.step('a signal to the dashboard', () => signal(camera, dashboard))
  await recorder.step('a signal to the phone', () => signal(dashboard, camera))
  await recorder.step('ten signals at once', () =>
    Promise.all(Array.from({ length: 10 }, () => camera.client.ask(signalOf(dashboard.welcome)))),
  )
  await recorder.step('state of the phone', async () => {
    await camera.client.ask({ type: 'state', state: { battery: 0.5 } })
    await dashboard.client.next('member-updated')
  })
  const { at } = await camera.client.next('pong', pinged(camera.client))
  await recorder.step('phone drops and is back', async () => {
    camera.client.drop()
    await dashboard.client.next('member-updated', ({ member }) => !member.connected)
    camera = await join(phone, token, { attempt: 2, resume: at })
    await dashboard.client.next('member-updated', ({ member }) => member.connected)
  })
  await recorder.step('phone leaves', () => leave(camera))
  await recorder.step('dashboard leaves', () => leave(dashboard))
  return recorder.steps
}

const signalOf = ({ self }: ServerMessageOf<'welcome'>) => ({
  type: 'signal',
  to: self.id,
  data: { candidate: 1 },
})

function pinged(client: TestClient): (pong: ServerMessageOf<'pong'>) => boolean {
  client.send({ type: 'ping', t: 'place' })
  return ({ t }) => t === 'place'
}

/** A dashboard and two phones that are connected, for a look at what they cost while nothing happens. */
export async function occupied(host: string, phone: string): Promise<() => void> {
  const { session } = await createRoom(host)
  const members = [await join(host, session.token, { attempt: 1 })]
  for (let n = 0; n < 2; n += 1) {
    const { session: camera } = await claimCode(phone, {
      secret: secretOf(await issueCode(host, session.token)),
    })
    members.push(await join(phone, camera.token, { attempt: 1 }))
  }
  return () => {
    for (const { client } of members) client.drop()
  }
}
