import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Answer, Command } from '../../server/redis/commands.ts'
import { createLane } from '../../server/redis/lane.ts'

interface Request {
  readonly commands: readonly Command[]
  readonly atomic: boolean
  answer(): void
  fail(): void
}

const keyOf = ([, key = '']: Command): string => key
const keysOf = ({ commands }: Request): string[] => commands.map(keyOf)
const get = (key: string): Command => ['GET', key]
const values = (answers: readonly Answer[]) =>
  answers.map((answer) => ('value' in answer ? answer.value : answer))

/** A lane whose requests are answered, or failed, by hand. */
function laneByHand() {
  const sent: Request[] = []
  const out = new Set<Request>()
  const lane = createLane(
    (commands, atomic) =>
      new Promise<readonly Answer[]>((resolve, reject) => {
        const request: Request = {
          commands,
          atomic,
          answer() {
            out.delete(request)
            resolve(commands.map((command) => ({ value: keyOf(command) })))
          },
          fail() {
            out.delete(request)
            reject(new Error('failed'))
          },
        }
        sent.push(request)
        out.add(request)
      }),
  )
  /** Asks for one key, in the order of a name: that of the key's first letter unless said otherwise. */
  const ask = (key: string, names = [key.slice(0, 1)], atomic = false) => lane([get(key)], names, atomic)
  return { lane, ask, sent, out }
}
/** Whatever was asked for, and whatever answers set off, has been sent if it may. */
const settled = async (): Promise<void> => {
  await turn()
  await turn()
}
const count = <T>(length: number, each: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => each(index))

test('what is asked for in one turn, and while that is out, goes together', async () => {
  const { ask, sent } = laneByHand()
  const first = [ask('a1'), ask('b1')]
  await settled()
  const later = [ask('c1'), ask('a2'), ask('c2')]
  await settled()
  expect(sent.map(keysOf)).toEqual([['a1', 'b1']])
  sent[0]?.answer()
  await settled()
  expect(sent.map(keysOf).slice(1)).toEqual([['c1', 'a2', 'c2']])
  sent[1]?.answer()
  expect((await Promise.all([...first, ...later])).map(values)).toEqual([
    ['a1'],
    ['b1'],
    ['c1'],
    ['a2'],
    ['c2'],
  ])
})

test('what is asked for because of an answer goes with what waits', async () => {
  const { ask, sent } = laneByHand()
  const first = ask('a1').then(() => ask('a2'))
  await settled()
  const other = ask('c1')
  sent[0]?.answer()
  await settled()
  expect(sent.map(keysOf).slice(1)).toEqual([['c1', 'a2']])
  sent[1]?.answer()
  await Promise.all([first, other])
})

test('much at once is shared by requests that are out beside each other, and more of it waits', async () => {
  const { lane, sent, out } = laneByHand()
  const ask = (index: number) => lane([get(`${index}`), get(`${index}`)], [`${index}`], false)
  const asked = count(120, ask)
  await settled()
  expect(sent.map(({ commands }) => commands.length)).toEqual([80, 80, 80])
  asked.push(...count(120, (index) => ask(120 + index)))
  await settled()
  expect(out.size).toBe(3)
  sent[1]?.answer()
  await settled()
  expect(sent[3]?.commands).toHaveLength(240)
  for (const request of out) request.answer()
  expect((await Promise.all(asked)).map((answers) => values(answers)[0])).toEqual(
    count(240, (index) => `${index}`),
  )
})

test('what is little waits for a request that is out, whatever its name', async () => {
  const { ask, sent } = laneByHand()
  const asked = [ask('a1')]
  await settled()
  asked.push(...count(31, (index) => ask(`${index}`, [`${index}`])))
  await settled()
  expect(sent).toHaveLength(1)
  asked.push(ask('z1'))
  await settled()
  expect(sent[1]?.commands).toHaveLength(32)
  for (const { answer } of sent) answer()
  await Promise.all(asked)
})

test('a transaction is a request of its own, in the turn of its names', async () => {
  const { ask, sent, out } = laneByHand()
  const asked = [
    ask('a1'),
    ask('a2'),
    ask('a3', ['a', 'b'], true),
    ask('b1', ['b'], true),
    ask('a4'),
    ask('c1', ['c'], true),
  ]
  while (sent.length < 5) {
    await settled()
    for (const request of [...out].reverse()) request.answer()
  }
  await Promise.all(asked)
  expect(sent.map((request) => [keysOf(request).join(), request.atomic])).toEqual([
    ['a1,a2', false],
    // Of another name, so beside what is out.
    ['c1', true],
    ['a3', true],
    ['b1', true],
    ['a4', false],
  ])
})

test('a request that fails takes along what it carried, and nothing else', async () => {
  const { ask, sent } = laneByHand()
  const asked = [ask('a1')]
  await settled()
  asked.push(ask('a2'), ask('b1'))
  const ended = Promise.allSettled(asked)
  sent[0]?.fail()
  await settled()
  sent[1]?.answer()
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

test('what is too much for one request goes in several', async () => {
  const { ask, sent } = laneByHand()
  const large = 'x'.repeat(700_000)
  const asked = count(4, () => ask(large))
  for (const each of asked) {
    await settled()
    sent.at(-1)?.answer()
    await each
  }
  expect(sent.map(({ commands }) => commands.length)).toEqual([1, 1, 1, 1])
})

test('in whatever order requests are answered, no name is out twice and each keeps its order', async () => {
  const asks = fc.record({
    names: fc.uniqueArray(fc.nat(5).map(String), { minLength: 1, maxLength: 2 }),
    commands: fc.integer({ min: 1, max: 40 }),
    atomic: fc.boolean(),
  })
  const answers = fc.record({ which: fc.nat(2), fails: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: asks }, { weight: 1, arbitrary: answers }), {
        maxLength: 80,
      }),
      async (steps) => {
        const { lane, sent, out } = laneByHand()
        const namesOf = new Map<string, readonly string[]>()
        const ended: Promise<unknown>[] = []
        const namesOut = () =>
          [...out].flatMap((request) => [
            ...new Set(keysOf(request).flatMap((key) => namesOf.get(key) ?? [])),
          ])
        const look = () => {
          expect(out.size).toBeLessThanOrEqual(3)
          expect(new Set(namesOut()).size).toBe(namesOut().length)
        }
        for (const [index, step] of steps.entries()) {
          if ('which' in step) {
            const request = [...out][step.which % Math.max(1, out.size)]
            if (step.fails) request?.fail()
            else request?.answer()
            await settled()
          } else {
            const key = String(index)
            namesOf.set(key, step.names)
            ended.push(
              Promise.allSettled([
                lane(
                  count(step.commands, () => get(key)),
                  step.names,
                  step.atomic,
                ),
              ]),
            )
          }
          look()
        }
        for (await settled(); out.size > 0; await settled()) {
          look()
          for (const request of out) request.answer()
        }
        await Promise.all(ended)
        const order = [...new Set(sent.flatMap(keysOf))]
        expect(order).toHaveLength(namesOf.size)
        for (const name of new Set([...namesOf.values()].flat())) {
          const places = order.filter((key) => namesOf.get(key)?.includes(name)).map(Number)
          expect(places).toEqual([...places].sort((a, b) => a - b))
        }
      },
    ),
    { numRuns: 300 },
  )
})
