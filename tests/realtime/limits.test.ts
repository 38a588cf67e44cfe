import { expect, test } from 'vitest'
import { addMember, seat, stage, timedStage } from './support.ts'

test('[SEC-3] 60 messages at once, then rate_limited, then 20 a second', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  const send = (count: number, first: number) => {
    for (let n = first; n < first + count; n += 1) client.send({ type: 'message', id: n, data: n })
  }
  const accepted = () =>
    client
      .of('reply')
      .filter(({ ok }) => ok)
      .map(({ id }) => id)
  send(65, 0)
  await client.settled()
  expect(accepted()).toEqual(Array.from({ length: 60 }, (_, n) => n))
  expect(client.of('reply').slice(60)).toMatchObject(
    Array.from({ length: 5 }, (_, n) => ({ id: 60 + n, ok: false, code: 'rate_limited' })),
  )
  here.clock.advance(1_000)
  send(25, 100)
  await client.settled()
  expect(accepted()).toHaveLength(80)
  here.clock.advance(50)
  send(2, 200)
  await client.settled()
  expect(accepted()).toHaveLength(81)
  // A refused message has done nothing.
  await here.host.client.settled()
  expect(here.host.client.of('message')).toHaveLength(81)
})

test('[SEC-3] what was saved up is a burst of 60 at most', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  for (let round = 0; round < 3; round += 1) {
    here.clock.advance(8_000)
    await client.settled()
    await client.settled()
  }
  for (let n = 0; n < 70; n += 1) client.send({ type: 'message', id: n, data: n })
  await client.settled()
  expect(client.of('reply').filter(({ ok }) => ok)).toHaveLength(60)
})

test('[SEC-3] a refused message without an id gets error', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  for (let n = 0; n < 61; n += 1) client.send({ type: 'message', data: n })
  await client.settled()
  expect(client.of('error')).toStrictEqual([
    { type: 'error', code: 'rate_limited', message: expect.any(String) },
  ])
})

test('[SEC-3] after 100 refused in 10 s the connection is closed with 4429', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  for (let n = 0; n < 160; n += 1) client.send({ type: 'message', id: n, data: n })
  await client.settled()
  expect(client.of('reply').filter((reply) => !reply.ok && reply.code === 'rate_limited')).toHaveLength(100)
  client.send({ type: 'message', id: 'last', data: 0 })
  expect((await client.closed).code).toBe(4429)
})

test('[SEC-3] refusals over more than 10 s do not close', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  for (let n = 0; n < 60; n += 1) client.send({ type: 'state', state: {} })
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < 80; n += 1) client.send({ type: 'state', state: {} })
    await client.settled()
    // Twice: its pongs must come in time.
    for (const ms of [5_000, 5_500]) {
      here.clock.advance(ms)
      await client.settled()
      await client.settled()
    }
    for (let n = 0; n < 60; n += 1) client.send({ type: 'state', state: {} })
    await client.settled()
  }
  expect(client.of('error').length).toBeGreaterThan(250)
})

test('[SEC-3] unsound and unknown messages count too', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  for (let n = 0; n < 60; n += 1) client.send({ type: 'signal' })
  client.raw('no JSON')
  await client.settled()
  expect(client.of('error').map(({ code }) => code)).toEqual([
    ...Array.from({ length: 60 }, () => 'invalid_message'),
    'rate_limited',
  ])
})

test('[SEC-3] ping and hello are exempt', async () => {
  const here = await timedStage()
  const { client } = await addMember(here)
  for (let n = 0; n < 500; n += 1) client.send({ type: 'ping', t: n })
  for (let n = 0; n < 60; n += 1) client.send({ type: 'message', id: n, data: n })
  await client.settled()
  expect(client.of('reply').every(({ ok }) => ok)).toBe(true)
  expect(client.of('reply')).toHaveLength(60)
  client.send({ type: 'message', id: 'over', data: 0 })
  client.send({ type: 'ping', t: 'still' })
  expect(await client.next('pong', ({ t }) => t === 'still')).toBeDefined()
})

test('[SEC-3] the bound is of each connection', async () => {
  const here = await timedStage()
  const camera = await addMember(here)
  for (let n = 0; n < 61; n += 1) camera.client.send({ type: 'message', data: n })
  await camera.client.settled()
  expect(camera.client.of('error')).toHaveLength(1)
  expect(await here.host.client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
  const again = await seat(here.app, camera)
  expect(await again.client.ask({ type: 'message', data: 1 })).toMatchObject({ ok: true })
})

test('[SEC-3] RATE_LIMITS=off bounds nothing', async () => {
  const here = await stage({ env: { RATE_LIMITS: 'off' } })
  const { client } = await addMember(here)
  for (let n = 0; n < 500; n += 1) client.send({ type: 'message', id: n, data: n })
  await client.settled()
  expect(client.of('reply').filter(({ ok }) => ok)).toHaveLength(500)
})
