/** How long rooms need to agree after the store was away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openRoom, Sequence, startTwo, type Room, type Two } from './members.ts'

/** Milliseconds. */
const OUTAGE = 4_000
const GIVE_UP = 30_000
const LOOK_EVERY = 5
const ROOMS = 5
/** Said by each member while the store is away. */
const MESSAGES = 20

export interface Outage {
  /** From the return of the store to the moment when both instances say so. Milliseconds. */
  readonly shared: number
  /** … when everybody has what was said meanwhile, and sees who came and went. Milliseconds. */
  readonly converged: number
  readonly lost: number
  readonly doubled: number
}

const isShared = async ({ servers }: Two): Promise<boolean> => {
  const answers = await Promise.all(servers.map(async ({ url }) => fetch(`${url}/readyz`)))
  const states = (await Promise.all(answers.map(async (answer) => answer.json()))) as { status: string }[]
  return states.every(({ status }) => status === 'ok')
}

/** Whether the host has seen its phone go. */
const sawLeave = ({ host }: Room): boolean => host.of('member-left').length > 0

async function timeTo(done: () => boolean | Promise<boolean>): Promise<number> {
  const began = performance.now()
  while (!(await done())) {
    if (performance.now() - began > GIVE_UP) throw new Error('the rooms do not agree after an outage')
    await sleep(LOOK_EVERY)
  }
  return performance.now() - began
}

export async function measureOutage(): Promise<Outage> {
  const two = await startTwo('upstash')
  try {
    const rooms: Room[] = []
    while (rooms.length < ROOMS) rooms.push(await openRoom(two))
    const sequences = rooms.flatMap(({ host, phone }) => [new Sequence(host), new Sequence(phone)])
    await two.double.refuse()
    await Promise.all(rooms.flatMap(({ host, phone }) => [host.next('service'), phone.next('service')]))
    const began = performance.now()
    for (let data = 0; data < MESSAGES; data += 1) {
      for (const { host, phone } of rooms)
        for (const member of [host, phone]) member.send({ type: 'message', data })
      await sleep(OUTAGE / MESSAGES / 2)
    }
    for (const { phone } of rooms) phone.send({ type: 'leave' })
    await sleep(Math.max(0, began + OUTAGE - performance.now()))
    await two.double.accept()
    // A phone that has left is told no more of what its host said.
    const ofHosts = sequences.filter((_, index) => index % 2 === 0)
    const [shared, converged] = await Promise.all([
      timeTo(() => isShared(two)),
      timeTo(() => rooms.every(sawLeave) && ofHosts.every(({ next }) => next >= MESSAGES)),
    ])
    return {
      shared,
      converged,
      lost: ofHosts.reduce((sum, { lost, next }) => sum + lost + (MESSAGES - next), 0),
      doubled: ofHosts.reduce((sum, { doubled }) => sum + doubled, 0),
    }
  } finally {
    await two.close()
  }
}
