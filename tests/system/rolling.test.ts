/** [DRAIN-2]: all instances are restarted one after the other under load, and clients follow going-away. */
import { expect, test } from 'vitest'
import { Chatter } from './chatter.ts'
import { overBackends, until } from './cluster.ts'

overBackends('a rolling restart', {}, (cluster) => {
  test('[DRAIN-2] [DRAIN-1] loses no session and no event, and every instance ends with code 0', async () => {
    const turns = new Map<number, number>()
    const chatter = await Chatter.start({
      seed: 42,
      members: 6,
      url: cluster().url(0),
      // As behind a balancer without stickiness: the next one that does not drain.
      next(index) {
        const turn = (turns.get(index) ?? index - 1) + 1
        turns.set(index, turn)
        return cluster().at(turn).isRunning ? cluster().url(turn) : undefined
      },
      pause: 60,
    })
    chatter.talk()
    for (const instance of cluster().instances) {
      const before = chatter.figures().ok
      await until(
        () => chatter.figures().ok,
        (ok) => ok > before + 20,
        15_000,
        'they talk',
      )
      expect(await instance.stop()).toEqual({ code: 0, signal: null })
      await instance.start()
      await chatter.live()
    }
    await chatter.quiet()
    await chatter.converged(cluster().urls, 10_000)
    await chatter.heard()
    for (const { isOver, chains, closes, events } of chatter.travellers) {
      expect(isOver).toBe(false)
      // Every return was a resumed one: back in its window, nothing was lost [RES-2].
      expect(chains).toHaveLength(1)
      expect(
        closes.every((code) => code === 1012 || code === 1006),
        closes.join(),
      ).toBe(true)
      expect(events.filter(({ type }) => type === 'member-left')).toEqual([])
    }
    chatter.end()
  })
})
