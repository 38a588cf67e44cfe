import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ServerMessage } from '../../server/protocol/messages.ts'
import type { TestClient } from '../support/client.ts'
import { addMember, seat, stage, startApp, newRoom, type Seated } from './support.ts'

/** A device as a careful client is: it keeps its last place, counts its connects and resumes with both. */
class Device {
  readonly id: string
  readonly token: string
  readonly got: { from: string; n: number; to: string | undefined }[] = []
  client: TestClient
  #attempt = 0
  #at: string
  #read = 0
  sent = 0

  constructor({ id, token, client, welcome }: Seated) {
    this.id = id
    this.token = token
    this.client = client
    this.#at = welcome.at
  }

  /** Takes over what was received, up to `most` messages; the rest is lost with the connection. */
  read(most = Infinity): void {
    const taken = this.client.received.slice(
      this.#read,
      Math.min(this.client.received.length, this.#read + most),
    )
    this.#read += taken.length
    for (const message of taken) {
      if ('at' in message) this.#at = message.at
      if (isEvent(message))
        this.got.push({
          from: message.from,
          n: message.data as number,
          to: 'to' in message ? message.to : undefined,
        })
    }
  }

  /** @returns whether the earlier connection was continued */
  async back(app: Parameters<typeof seat>[0]): Promise<boolean> {
    this.#attempt += 1
    const { client, welcome } = await seat(app, this, { attempt: this.#attempt, resume: this.#at })
    this.client = client
    this.#read = 0
    return welcome.resumed
  }
}

type Event = Extract<ServerMessage, { type: 'message' | 'signal' }>
const isEvent = (message: ServerMessage): message is Event =>
  message.type === 'message' || message.type === 'signal'

const DEVICES = 4
const device = fc.nat(DEVICES - 1)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('all' as const),
      who: device,
      times: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('one' as const), who: device, to: device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('signal' as const), who: device, to: device }) },
  // Loses its connection after it has taken over only so much of what came.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drop' as const), who: device, read: fc.nat(12) }) },
  // Connects again while the earlier connection still lives.
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('replace' as const), who: device, read: fc.nat(12) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), who: device }) },
)

test('[ROOM-3] [RES-1] whatever is sent and dropped, each event comes once, in the order of its sender', async () => {
  const app = await startApp({ env: { RATE_LIMITS: 'off' } })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const here = await newRoom(app)
      const devices = [new Device(here.host)]
      while (devices.length < DEVICES) devices.push(new Device(await addMember(here, 'viewer')))
      const at = (index: number): Device => {
        const found = devices[index]
        if (found === undefined) throw new Error('no such device')
        return found
      }
      const expected = new Map(devices.map(({ id }) => [id, [] as string[]]))
      const send = async (who: Device, type: string, to?: Device): Promise<void> => {
        const n = (who.sent += 1)
        const reply = await who.client.ask({ type, data: n, ...(to === undefined ? {} : { to: to.id }) })
        expect(reply.ok).toBe(true)
        for (const other of to === undefined ? devices : [to]) {
          if (other !== who) expected.get(other.id)?.push(`${who.id}:${n}`)
        }
      }
      for (const one of steps) {
        const who = at(one.who)
        switch (one.kind) {
          case 'all':
            for (let time = 0; time < one.times; time += 1) await send(who, 'message')
            break
          case 'one':
          case 'signal':
            if (one.to !== one.who) await send(who, one.kind === 'one' ? 'message' : 'signal', at(one.to))
            break
          case 'drop':
            who.read(one.read)
            who.client.drop()
            expect(await who.back(app)).toBe(true)
            break
          case 'replace':
            who.read(one.read)
            expect(await who.back(app)).toBe(true)
            break
          case 'settle':
            await who.client.settled()
            who.read()
            break
        }
      }
      for (const one of devices) {
        await one.client.settled()
        one.read()
        expect(one.got.map(({ from, n }) => `${from}:${n}`)).toEqual(expected.get(one.id))
        one.client.drop()
      }
    }),
    { numRuns: 40 },
  )
}, 60_000)

test('[ROOM-3] several senders at once and drops in between: once, in the order of each sender', async () => {
  const here = await stage({ env: { RATE_LIMITS: 'off' } })
  const senders = [
    new Device(await addMember(here)),
    new Device(await addMember(here)),
    new Device(here.host),
  ]
  const receiver = new Device(await addMember(here, 'viewer'))
  for (let round = 0; round < 40; round += 1) {
    for (const sender of senders) {
      for (let time = 0; time < 5; time += 1) {
        sender.client.send({ type: 'message', data: (sender.sent += 1) })
      }
    }
    // Without waiting: the drop cuts into whatever is on its way.
    receiver.read(round % 7)
    receiver.client.drop()
    expect(await receiver.back(here.app)).toBe(true)
  }
  for (const { client } of senders) await client.settled()
  await receiver.client.settled()
  receiver.read()
  for (const { id, sent } of senders) {
    expect(receiver.got.filter(({ from }) => from === id).map(({ n }) => n)).toEqual(
      Array.from({ length: sent }, (_, n) => n + 1),
    )
  }
})
