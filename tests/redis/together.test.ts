import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Answer, Command } from '../../server/redis/commands.ts'
import { RedisFailure } from '../../server/redis/failure.ts'
import { createTogether } from '../../server/redis/together.ts'

interface Sent {
  readonly commands: readonly Command[]
  readonly atomic: boolean
  answer(answers: readonly Answer[]): void
  fail(error: unknown): void
}

function sending() {
  const sent: Sent[] = []
  const ask = createTogether(
    (commands, atomic) =>
      new Promise((answer, fail) => {
        sent.push({ commands, atomic, answer, fail })
      }),
  )
  return { sent, ask }
}

test('what is asked for in one turn is one request, and everybody gets their own answers', async () => {
  const { sent, ask } = sending()
  const one = ask([
    ['GET', 'a'],
    ['GET', 'b'],
  ])
  const other = ask([['HGET', 'c', 'd']])
  await setImmediate()
  expect(sent.map(({ commands, atomic }) => [commands, atomic])).toEqual([
    [
      [
        ['GET', 'a'],
        ['GET', 'b'],
        ['HGET', 'c', 'd'],
      ],
      false,
    ],
  ])
  sent[0]?.answer([{ value: 1 }, { error: 'ERR no' }, { value: 3 }])
  expect(await one).toEqual([{ value: 1 }, { error: 'ERR no' }])
  expect(await other).toEqual([{ value: 3 }])
})

test('what is asked for later does not wait for what is out', async () => {
  const { sent, ask } = sending()
  const first = ask([['GET', 'a']])
  await setImmediate()
  const second = ask([['GET', 'b']])
  await setImmediate()
  expect(sent).toHaveLength(2)
  sent[1]?.answer([{ value: 'b' }])
  expect(await second).toEqual([{ value: 'b' }])
  sent[0]?.answer([{ value: 'a' }])
  expect(await first).toEqual([{ value: 'a' }])
})

test('all of a request that fails are told, and the next goes all the same', async () => {
  const { sent, ask } = sending()
  const failing = [ask([['GET', 'a']]), ask([['GET', 'b']])]
  const outcomes = Promise.allSettled(failing)
  await setImmediate()
  sent[0]?.fail(new RedisFailure('it broke', 'network'))
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = ask([['GET', 'c']])
  await setImmediate()
  sent[1]?.answer([{ value: 'c' }])
  expect(await next).toEqual([{ value: 'c' }])
})

test('no request holds more than it may', async () => {
  const { sent, ask } = sending()
  const asked = Array.from({ length: 1_500 }, (_, index) => ask([['GET', String(index)]]))
  await setImmediate()
  expect(sent.map(({ commands }) => commands.length)).toEqual([1_000, 500])
  for (const { commands, answer } of sent) answer(commands.map(([, key]) => ({ value: key })))
  expect((await Promise.all(asked)).flat()).toEqual(asked.map((_, index) => ({ value: String(index) })))
})
