import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Answer, Command } from '../../server/redis/commands.ts'
import { createLane } from '../../server/redis/lane.ts'

/** A lane whose requests are answered, or failed, by hand. */
function laneByHand() {
  const sent: { commands: readonly Command[]; atomic: boolean; answer(): void; fail(): void }[] = []
  const lane = createLane(
    (commands, atomic) =>
      new Promise<readonly Answer[]>((resolve, reject) => {
        sent.push({
          commands,
          atomic,
          answer: () => resolve(commands.map(([, value = '']) => ({ value }))),
          fail: () => reject(new Error('failed')),
        })
      }),
  )
  return { lane, sent }
}
/** The next request has been sent, if something waited. */
const nextTurn = async (): Promise<void> => {
  await turn()
  await turn()
}
const get = (value: string): Command => ['GET', value]
const values = (answers: readonly Answer[]) =>
  answers.map((answer) => ('value' in answer ? answer.value : answer))

test('one request is out at a time, and the next one carries what was asked for meanwhile', async () => {
  const { lane, sent } = laneByHand()
  const asked = ['a', 'b', 'c'].map((name) => lane([get(name), get(`${name}2`)], false))
  expect(sent).toHaveLength(1)
  sent[0]?.answer()
  expect(values(await (asked[0] ?? Promise.reject(new Error('not asked'))))).toEqual(['a', 'a2'])
  await nextTurn()
  expect(sent).toHaveLength(2)
  expect(sent[1]?.commands.map(([, name]) => name)).toEqual(['b', 'b2', 'c', 'c2'])
  sent[1]?.answer()
  expect((await Promise.all(asked)).map(values)).toEqual([
    ['a', 'a2'],
    ['b', 'b2'],
    ['c', 'c2'],
  ])
})

test('a transaction is a request of its own, in its turn', async () => {
  const { lane, sent } = laneByHand()
  const asked = [
    lane([get('a')], false),
    lane([get('b')], false),
    lane([get('t')], true),
    lane([get('u')], true),
    lane([get('c')], false),
  ]
  for (const [at, one] of [0, 1, 2, 3, 4].entries()) {
    sent[at]?.answer()
    await asked[one]
    await nextTurn()
  }
  expect(sent.map(({ commands, atomic }) => [commands.map(([, name]) => name).join(), atomic])).toEqual([
    ['a', false],
    ['b', false],
    ['t', true],
    ['u', true],
    ['c', false],
  ])
})

test('a request that fails takes along what it carried, and nothing else', async () => {
  const { lane, sent } = laneByHand()
  const asked = Promise.allSettled(['a', 'b', 'c'].map((name) => lane([get(name)], false)))
  sent[0]?.fail()
  await nextTurn()
  sent[1]?.answer()
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

test('what is too much for one request goes in several', async () => {
  const { lane, sent } = laneByHand()
  const large = 'x'.repeat(700_000)
  const asked = Array.from({ length: 4 }, () => lane([get(large)], false))
  for (let at = 0; at < asked.length; at += 1) {
    sent[at]?.answer()
    await asked[at]
    await nextTurn()
  }
  expect(sent.map(({ commands }) => commands.length)).toEqual([1, 1, 1, 1])
})

test('what is asked for because of an answer goes with what waits', async () => {
  const { lane, sent } = laneByHand()
  const first = lane([get('a')], false).then(() => lane([get('b')], false))
  const other = lane([get('c')], false)
  sent[0]?.answer()
  await nextTurn()
  expect(sent[1]?.commands.map(([, name]) => name)).toEqual(['c', 'b'])
  sent[1]?.answer()
  await Promise.all([first, other])
})
