import { describe, expect, test } from 'vitest'
import { answersAt, Gathering } from '../../server/redis/gathering.ts'
import { joined, textsOf } from '../../server/redis/messages.ts'
import { ODD_TEXTS } from '../contract/odd-texts.ts'

describe('several texts as one message', () => {
  const lines = ODD_TEXTS.filter((text) => !/[\r\n]/.test(text))

  test('come apart again as they were', () => {
    const texts = [...lines, '', '\u001d', '\u001d1\u001dx', 'ключ 🔑', '1,2']
    expect(textsOf(joined(texts))).toEqual(texts)
    for (const text of texts) expect(textsOf(joined([text]))).toEqual([text])
  })

  test('a single one travels as it is', () => {
    expect(joined(['{"v":1}'])).toBe('{"v":1}')
  })

  test.each([
    '\u001d',
    '\u001d3',
    '\u001d3\u001dab',
    '\u001d1\u001dab',
    '\u001dx\u001dab',
    '\u001d-1,3\u001dab',
  ])('a damaged message is told as it is: %j', (message) => {
    expect(textsOf(message)).toEqual([message])
  })
})

describe('commands of several who ask at once', () => {
  test('what goes to one channel is one message, behind all other commands', () => {
    const gathering = new Gathering()
    const first = gathering.add([
      ['XADD', 'l1', 'a'],
      ['PUBLISH', 'x', 'a'],
      ['PUBLISH', 'y', 'a'],
    ])
    const second = gathering.add([
      ['XADD', 'l2', 'b'],
      ['PUBLISH', 'x', 'b'],
    ])
    gathering.close()
    expect(gathering.commands).toEqual([
      ['XADD', 'l1', 'a'],
      ['XADD', 'l2', 'b'],
      ['PUBLISH', 'x', joined(['a', 'b'])],
      ['PUBLISH', 'y', 'a'],
    ])
    const answers = ['1-0', '2-0', 1, 0]
    expect(answersAt(first, answers)).toEqual(['1-0', 1, 0])
    expect(answersAt(second, answers)).toEqual(['2-0', 1])
  })

  test('a message does not grow without bound, and its texts stay in order', () => {
    const gathering = new Gathering()
    const text = (name: string) => name.repeat(100_000)
    const places = ['a', 'b', 'c', 'd', 'e'].map((name) => gathering.add([['PUBLISH', 'x', text(name)]]))
    gathering.close()
    const messages = gathering.commands.map(([, , message = '']) => textsOf(message))
    expect(messages.flat()).toEqual(['a', 'b', 'c', 'd', 'e'].map(text))
    expect(messages.map((texts) => texts.length)).toEqual([2, 2, 1])
    expect(places.map((place) => answersAt(place, [1, 2, 3])[0])).toEqual([1, 1, 2, 2, 3])
  })

  test('an answer that is missing is no answer', () => {
    const gathering = new Gathering()
    const places = gathering.add([['GET', 'k']])
    gathering.close()
    expect(() => answersAt(places, [])).toThrow(RangeError)
  })
})
