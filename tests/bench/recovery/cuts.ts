/** Whether anything is lost or comes twice while what the instances listen on is cut again and again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openRoom, Sequence, startTwo, type Room } from './members.ts'

const ROOMS = 20
/** Said and not yet received in each room, at most: what waits must fit into a room's log. */
const WINDOW = 50
/** Milliseconds. */
const CUT_EVERY = 700
const GIVE_UP = 30_000

export interface Cuts {
  readonly events: number
  readonly cuts: number
  readonly lost: number
  readonly doubled: number
  readonly ms: number
}

/** One room: the phone says numbers, the host receives them. */
function talk({ host, phone }: Room, events: number): { sequence: Sequence; done: Promise<void> } {
  let said = 0
  let resolve: () => void = () => undefined
  const done = new Promise<void>((all) => (resolve = all))
  const sequence = new Sequence(host, () => {
    more()
    if (sequence.next >= events) resolve()
  })
  const more = (): void => {
    while (said < events && said - sequence.next < WINDOW) {
      phone.send({ type: 'message', data: said })
      said += 1
    }
  }
  more()
  return { sequence, done }
}

export async function measureCuts(events: number): Promise<Cuts> {
  const two = await startTwo('upstash')
  try {
    const rooms: Room[] = []
    while (rooms.length < ROOMS) rooms.push(await openRoom(two))
    const began = performance.now()
    const talks = rooms.map((room) => talk(room, events / ROOMS))
    let cuts = 0
    let isOver = false
    const cutting = (async () => {
      for (; !isOver; cuts += 1) {
        await sleep(CUT_EVERY)
        two.double.cutStreams(cuts % 2 === 0 ? 'break' : 'end')
      }
    })()
    let moved = performance.now()
    let before = -1
    const stuck = setInterval(() => {
      const now = talks.reduce((sum, { sequence }) => sum + sequence.next, 0)
      if (now !== before) moved = performance.now()
      before = now
    }, 500)
    const all = Promise.all(talks.map(async ({ done }) => done)).then(() => true)
    // What never comes is counted as lost below.
    while (!(await Promise.race([all, sleep(500, false)]))) if (performance.now() - moved > GIVE_UP) break
    clearInterval(stuck)
    isOver = true
    await cutting
    const each = events / ROOMS
    return {
      events,
      cuts,
      lost: talks.reduce((sum, { sequence }) => sum + sequence.lost + (each - sequence.next), 0),
      doubled: talks.reduce((sum, { sequence }) => sum + sequence.doubled, 0),
      ms: performance.now() - began,
    }
  } finally {
    await two.close()
  }
}
