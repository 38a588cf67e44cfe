import { expect, test } from 'vitest'
import { Film, numbersOf } from '../support/film.ts'
import { addMember, stage, type Seated } from './support.ts'

/** Whether relayed pictures are whole groups up to where each ends, each begun by its key picture. */
function expectWholeGroups(numbers: readonly string[], perGroup: number): void {
  let next = -1
  for (const text of numbers) {
    const isKey = text.startsWith('k')
    const number = Number(text.replace('k', ''))
    if (isKey) expect(number % perGroup).toBe(0)
    else expect(number).toBe(next)
    next = number + 1
  }
}

test('[SEC-4] a reader that stops loses whole groups and keeps its connection; the others notice nothing', async () => {
  const here = await stage()
  const camera = await addMember(here)
  const prompt = await addMember(here, 'viewer')
  const slow = await addMember(here, 'viewer')
  for (const { client } of [prompt, slow]) await client.ask({ type: 'watch', camera: camera.id, on: true })
  const PER_GROUP = 4
  const film = new Film({ keyBytes: 200_000, deltaBytes: 60_000 })
  let sent = 0
  const shoot = async () => {
    camera.client.raw(film.shoot(sent % PER_GROUP === 0))
    sent += 1
    await prompt.client.pictures(sent)
  }
  for (let n = 0; n < PER_GROUP; n += 1) await shoot()
  await slow.client.pictures(PER_GROUP)
  slow.client.socket.pause()
  // The kernel's buffers differ between machines: until the camera is told, and then a while longer.
  const isSlow = () => camera.client.of('relay').some((relay) => relay.slow)
  for (let round = 0; round < 400 && !isSlow(); round += 1) await shoot()
  expect(isSlow()).toBe(true)
  for (let n = 0; n < 4 * PER_GROUP; n += 1) await shoot()
  slow.client.socket.resume()
  const before = () => numbersOf(slow.client.binary)
  while (Number(before().at(-1)?.replace('k', '')) < sent - 1) {
    for (let n = 0; n < PER_GROUP; n += 1) await shoot()
    await slow.client.settled()
  }
  const got = before()
  expect(got.length).toBeLessThan(sent)
  expectWholeGroups(got, PER_GROUP)
  expect(numbersOf(prompt.client.binary)).toHaveLength(sent)
  expectWholeGroups(numbersOf(prompt.client.binary), PER_GROUP)
  await here.host.client.settled()
  expect(here.host.client.of('member-updated')).toEqual([])
}, 30_000)

test('[SEC-4] pictures that wait are no reason to close a reader of control messages', async () => {
  const here = await stage({ env: { RATE_LIMITS: 'off' } })
  const camera = await addMember(here)
  const slow = await addMember(here, 'viewer')
  await slow.client.ask({ type: 'watch', camera: camera.id, on: true })
  slow.client.socket.pause()
  const film = new Film({ keyBytes: 500_000 })
  const uploads = async (who: Seated, count: number) => {
    for (let n = 0; n < count; n += 1) who.client.raw(film.key())
    await who.client.settled()
  }
  for (let round = 0; round < 30; round += 1) await uploads(camera, 4)
  const text = 'x'.repeat(15 * 1024)
  // 600 KiB of control data behind the pictures: together more than 1 MiB, alone not.
  for (let n = 0; n < 40; n += 1) await here.host.client.ask({ type: 'message', to: slow.id, data: text })
  expect(here.app.logs()).not.toContain('too_slow')
  slow.client.socket.resume()
  await slow.client.settled()
  expect(slow.client.of('message')).toHaveLength(40)
}, 30_000)
