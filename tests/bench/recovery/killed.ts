/** How long the members of an instance that was killed are believed to be there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openRoom, startTwo, type Kind, type Room, type Two } from './members.ts'

/** Longer than any timeout of the contract. Milliseconds. */
const GIVE_UP = 60_000

/** Resolves, with the time, when a member is told that another's instance was lost. */
const told = ({ host }: Room): Promise<number> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the members of a killed instance stay')), GIVE_UP)
    host.socket.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as { type: string; reason?: string }
      if (message.type !== 'member-left' || message.reason !== 'instance-lost') return
      clearTimeout(late)
      resolve(performance.now())
    })
  })

async function kill(two: Two, room: Room): Promise<number> {
  const lost = told(room)
  // At any place between two pings of the instances.
  await sleep(Math.random() * 5_000)
  const began = performance.now()
  await two.servers[1].kill()
  return (await lost) - began
}

/**
 * Several pairs of instances at once, since waiting costs the machine nothing.
 * @returns milliseconds from `kill -9` to the moment when a member of the other instance is told
 */
export async function measureKilled(kind: Kind, times: number): Promise<number[]> {
  const pairs: { two: Two; room: Room }[] = []
  const started: Two[] = []
  try {
    while (pairs.length < times) {
      const two = await startTwo(kind)
      started.push(two)
      pairs.push({ two, room: await openRoom(two) })
    }
    return await Promise.all(pairs.map(async ({ two, room }) => kill(two, room)))
  } finally {
    await Promise.all(started.map(async (two) => two.close()))
  }
}
