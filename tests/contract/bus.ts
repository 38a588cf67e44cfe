import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BusUnavailable, type Bus } from '../../server/bus/bus.ts'
import type { InstanceId } from '../../server/protocol/ids.ts'
import { ODD_TEXTS } from './odd-texts.ts'

export interface BusesUnderTest {
  /** One more bus to the same instances. */
  readonly bus: () => Bus
  /** Cuts every open inbox; absent: there is nothing to cut. */
  readonly cut?: () => void | Promise<void>
  /** Ends what `open` began besides the buses. */
  readonly close?: () => Promise<void>
}

/** An inbox and what became of it, to be waited for. */
interface Heard {
  readonly inbox: InstanceId
  readonly texts: string[]
  /** `opened`, or the reason of a cut. */
  readonly events: string[]
  /** Resolves as soon as it holds. */
  until(holds: () => boolean): Promise<void>
  stop(): void
}

export const newInbox = (): InstanceId => `instance, ${randomUUID()}/?#` as InstanceId

/** Listens, and resolves when the inbox is open. */
export async function hear(
  bus: Bus,
  inbox = newInbox(),
  told: (text: string) => void = () => undefined,
): Promise<Heard> {
  const texts: string[] = []
  const events: string[] = []
  const waiting = new Set<() => void>()
  const changed = () => {
    for (const look of waiting) look()
  }
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const stop = bus.listen(inbox, {
    deliver(text) {
      texts.push(text)
      told(text)
      changed()
    },
    opened() {
      events.push('opened')
      changed()
    },
    cut(why) {
      events.push(why)
      changed()
    },
  })
  await until(() => events.includes('opened'))
  return { inbox, texts, events, until, stop }
}

/** What every backend of `Bus` owes its callers. */
export function busContract(name: string, open: () => Promise<BusesUnderTest>): void {
  describe(`Bus contract: ${name}`, () => {
    let opened: BusesUnderTest
    const made: Bus[] = []
    const bus = (): Bus => {
      const one = opened.bus()
      made.push(one)
      return one
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => {
      await Promise.all(made.map((each) => each.close()))
      await opened.close?.()
    })

    test('a message reaches the inbox it was sent to, and no other', async () => {
      const [a, b] = [await hear(bus()), await hear(bus())]
      const sender = bus()
      expect(await sender.send(a.inbox, 'for a')).toBe(1)
      expect(await sender.send(b.inbox, 'for b')).toBe(1)
      await Promise.all([a.until(() => a.texts.length > 0), b.until(() => b.texts.length > 0)])
      expect([a.texts, b.texts]).toEqual([['for a'], ['for b']])
    })

    test('an instance hears itself', async () => {
      const own = bus()
      const heard = await hear(own)
      expect(await own.send(heard.inbox, 'echo')).toBe(1)
      await heard.until(() => heard.texts.length > 0)
      expect(heard.texts).toEqual(['echo'])
    })

    test('send says how many listened', async () => {
      const sender = bus()
      const heard = await hear(bus())
      expect(await sender.send(newInbox(), 'nobody')).toBe(0)
      expect(await sender.send(heard.inbox, 'somebody')).toBe(1)
    })

    test('messages of one sender come in order where none is lost', async () => {
      const heard = await hear(bus())
      const sender = bus()
      const sent = Array.from({ length: 1_000 }, (_, index) => `${index}`)
      expect(new Set(await Promise.all(sent.map((text) => sender.send(heard.inbox, text))))).toEqual(
        new Set([1]),
      )
      await heard.until(() => heard.texts.length >= sent.length)
      expect(heard.texts).toEqual(sent)
    })

    test('single lines stay what they are', async () => {
      const heard = await hear(bus())
      const sender = bus()
      const lines = [
        ...ODD_TEXTS.filter((text) => !/[\r\n]/.test(text)),
        '{"a":"1,2","b":"\\"q\\"","c":["ключ","🔑"]}',
        'message,other,1',
        'data: message,x,y',
        ': comment',
        'a\u001eb\u2028c',
        ' both ends ',
      ]
      for (const line of lines) await sender.send(heard.inbox, line)
      await heard.until(() => heard.texts.length >= lines.length)
      expect(heard.texts).toEqual(lines)
    })

    test.each([900_000, 1_500_000])('a message of %d bytes and more arrives whole', async (size) => {
      const heard = await hear(bus())
      const text = 'a'.repeat(size - 3) + 'жю€'
      expect(await bus().send(heard.inbox, text)).toBe(1)
      await heard.until(() => heard.texts.length > 0)
      expect(heard.texts[0] === text).toBe(true)
    })

    test('what listening gave ends it', async () => {
      const heard = await hear(bus())
      const control = await hear(bus())
      const sender = bus()
      heard.stop()
      heard.stop()
      await sender.send(heard.inbox, 'late')
      await sender.send(control.inbox, 'control')
      await control.until(() => control.texts.length > 0)
      expect(heard.texts).toEqual([])
      expect(heard.events).toEqual(['opened'])
    })

    test('close ends everything, and does no harm the second time', async () => {
      const own = bus()
      const heard = await hear(own)
      const control = await hear(bus())
      const sender = bus()
      await own.close()
      await own.close()
      await sender.send(heard.inbox, 'late')
      await sender.send(control.inbox, 'control')
      await control.until(() => control.texts.length > 0)
      expect(heard.texts).toEqual([])
      expect(heard.events).toEqual(['opened'])
    })

    test('[SYNC-2] an inbox that is cut says so, and is opened again by itself', async () => {
      const heard = await hear(bus())
      const sender = bus()
      const cuts = opened.cut === undefined ? 0 : 2
      for (let time = 1; time <= cuts; time += 1) {
        await opened.cut?.()
        await heard.until(() => heard.events.length >= 2 * time + 1)
      }
      expect(heard.events.filter((event) => event === 'opened')).toHaveLength(cuts + 1)
      expect(heard.events.map((event) => event === 'opened')).toEqual(
        Array.from({ length: 2 * cuts + 1 }, (_, index) => index % 2 === 0),
      )
      // The sender's own connection may have been cut as well, and be on its way back.
      const send = async (): Promise<number> => {
        for (;;) {
          try {
            return await sender.send(heard.inbox, 'after')
          } catch (error) {
            expect(error).toBeInstanceOf(BusUnavailable)
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
      }
      expect(await send()).toBe(1)
      await heard.until(() => heard.texts.length > 0)
      expect(heard.texts).toEqual(['after'])
    })
  })
}
