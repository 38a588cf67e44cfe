/** [SYNC-2]: members talk on three instances while what these hear each other by is cut, again and again. */
import { expect, test } from 'vitest'
import { createClient } from '@redis/client'
import { Chatter } from './chatter.ts'
import { overBackends, until, type Cluster } from './cluster.ts'

const SEED = 20_261
const MEMBERS = 6

/** Six members, two on each instance, that stay where they are. */
const chatterOn = (cluster: Cluster, seed: number): Promise<Chatter> =>
  Chatter.start({
    seed,
    members: MEMBERS,
    url: cluster.url(0),
    next: (index) => cluster.url(index),
  })

/** Lets them talk until so much was said. */
const talked = (chatter: Chatter, more: number): Promise<unknown> => {
  const goal = chatter.figures().ok + more
  return until(
    () => chatter.figures().ok,
    (ok) => ok >= goal,
    20_000,
    `${more} messages more`,
  )
}

async function expectWhole(cluster: Cluster, chatter: Chatter): Promise<void> {
  await chatter.quiet()
  await chatter.heard()
  await chatter.converged(cluster.urls, 5_000)
  const { ok, heard, chains } = chatter.figures()
  expect(heard).toBe(ok * (MEMBERS - 1))
  // Nobody was so much as disconnected.
  expect(chains).toBe(MEMBERS)
  chatter.end()
}

overBackends('chatter, undisturbed and cut', {}, (cluster, backend) => {
  test('[SYNC-1] [ROOM-3] undisturbed, everything comes once and in order', async () => {
    const chatter = await chatterOn(cluster(), SEED)
    chatter.talk()
    await talked(chatter, 200)
    await expectWhole(cluster(), chatter)
  })

  test('[SYNC-2] listeners that are cut again and again lose, double and reorder nothing', async () => {
    const chatter = await chatterOn(cluster(), SEED + 1)
    chatter.talk()
    for (let cut = 0; cut < 12; cut += 1) {
      const way = cluster().at(Math.floor(chatter.random() * 3)).way
      way.cut(chatter.random() < 0.5 ? 'end' : 'break')
      await talked(chatter, 20)
    }
    await expectWhole(cluster(), chatter)
  })

  test('[SYNC-2] all listeners cut at once', async () => {
    const chatter = await chatterOn(cluster(), SEED + 2)
    chatter.talk()
    for (let cut = 0; cut < 4; cut += 1) {
      for (const way of cluster().ways) way.cut()
      await talked(chatter, 30)
    }
    await expectWhole(cluster(), chatter)
  })

  test.runIf(backend === 'upstash')(
    '[SYNC-2] messages between instances that are lost, doubled and overtaken',
    async () => {
      const chatter = await chatterOn(cluster(), SEED + 3)
      for (const [n, double] of cluster().doubles.entries())
        double.fault({ messages: { seed: SEED + n, lose: 0.2, double: 0.2, delay: [0, 60] } })
      chatter.talk()
      for (let cut = 0; cut < 4; cut += 1) {
        await talked(chatter, 60)
        cluster().at(cut).way.cut()
      }
      for (const double of cluster().doubles) double.heal()
      await talked(chatter, 20)
      await expectWhole(cluster(), chatter)
    },
  )

  test.runIf(backend === 'redis')('[SYNC-2] CLIENT KILL TYPE pubsub, again and again', async () => {
    const admin = createClient({ url: cluster().redis.url, RESP: 2, maintNotifications: 'disabled' })
    // Told by what it was asked.
    admin.on('error', () => undefined)
    await admin.connect()
    try {
      const chatter = await chatterOn(cluster(), SEED + 4)
      chatter.talk()
      for (let cut = 0; cut < 6; cut += 1) {
        await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
        await talked(chatter, 30)
      }
      await expectWhole(cluster(), chatter)
    } finally {
      admin.destroy()
    }
  })
})
