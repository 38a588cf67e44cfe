import { expect, test } from 'vitest'
import { addHost, addMember, only, seat, stage, type Seated, type Stage } from './support.ts'

const KIB = 1024
const textOf = (bytes: number) => 'x'.repeat(bytes - 2)

/** A command on its way: its ref as both sides see it. */
async function command(from: Seated, to: Seated, args?: unknown): Promise<string> {
  const reply = await from.client.ask({
    type: 'command',
    to: to.id,
    name: 'torch',
    ...(args === undefined ? {} : { args }),
  })
  if (!reply.ok) throw new Error(`refused: ${reply.code}`)
  const { ref } = reply.data as { ref: string }
  expect(await to.client.next('command', (event) => event.ref === ref)).toMatchObject({ from: from.id })
  return ref
}

const withCamera = async (): Promise<Stage & { camera: Seated }> => {
  const here = await stage()
  return { ...here, camera: await addMember(here) }
}

test('section 4: command reaches the camera, and its reply carries the ref', async () => {
  const { host, camera } = await withCamera()
  const reply = await host.client.ask({ type: 'command', to: camera.id, name: 'torch', args: { on: true } })
  expect(reply).toStrictEqual({
    type: 'reply',
    id: expect.any(String),
    ok: true,
    at: expect.any(String),
    data: { ref: expect.any(String) },
  })
  expect(await camera.client.next('command')).toStrictEqual({
    type: 'command',
    at: expect.any(String),
    from: host.id,
    ref: (reply as unknown as { data: { ref: string } }).data.ref,
    name: 'torch',
    args: { on: true },
  })
})

test('section 4: a command without args comes with args all the same', async () => {
  const { host, camera } = await withCamera()
  await host.client.ask({ type: 'command', to: camera.id, name: 'flip' })
  expect(await camera.client.next('command')).toHaveProperty('args', null)
})

test.each([
  ['data', { ok: true, data: { taken: [1, 2] } }],
  ['error', { ok: false, error: 'no torch' }],
  ['neither', { ok: true }],
])('section 4: a result with %s reaches the host that asked, alone', async (_what, answer) => {
  const here = await withCamera()
  const other = await addHost(here)
  const ref = await command(here.host, here.camera)
  expect(await here.camera.client.ask({ type: 'result', to: here.host.id, ref, ...answer })).toMatchObject({
    ok: true,
  })
  expect(await here.host.client.next('result')).toStrictEqual({
    type: 'result',
    at: expect.any(String),
    from: here.camera.id,
    ref,
    ...answer,
  })
  await other.client.settled()
  expect(only(other.client.received, 'command', 'result')).toEqual([])
})

test('section 4: a command without an id is invalid_message', async () => {
  const { host, camera } = await withCamera()
  host.client.send({ type: 'command', to: camera.id, name: 'torch' })
  expect(await host.client.next('error')).toMatchObject({ code: 'invalid_message' })
  await camera.client.settled()
  expect(camera.client.of('command')).toEqual([])
})

test('section 4: only a camera takes commands: another role is forbidden, a stranger not_found', async () => {
  const here = await withCamera()
  const [viewer, second] = [await addMember(here, 'viewer'), await addHost(here)]
  for (const { id } of [viewer, second, here.host]) {
    expect(await here.host.client.ask({ type: 'command', to: id, name: 'x' })).toMatchObject({
      code: 'forbidden',
    })
  }
  expect(await here.host.client.ask({ type: 'command', to: 'nobody', name: 'x' })).toMatchObject({
    code: 'not_found',
  })
  for (const { client } of [viewer, second]) expect(only(await client.settled(), 'command')).toEqual([])
})

test('section 4: a ref that is unknown, used, of another camera or for another host is not_found', async () => {
  const here = await withCamera()
  const [other, second] = [await addMember(here), await addHost(here)]
  const ref = await command(here.host, here.camera)
  const notFound = { ok: false, code: 'not_found' }
  const { camera, host } = here
  expect(await camera.client.ask({ type: 'result', to: host.id, ref: 'unknown', ok: true })).toMatchObject(
    notFound,
  )
  expect(await other.client.ask({ type: 'result', to: host.id, ref, ok: true })).toMatchObject(notFound)
  expect(await camera.client.ask({ type: 'result', to: second.id, ref, ok: true })).toMatchObject(notFound)
  expect(await camera.client.ask({ type: 'result', to: 'nobody', ref, ok: true })).toMatchObject(notFound)
  expect(await camera.client.ask({ type: 'result', to: host.id, ref, ok: true })).toMatchObject({ ok: true })
  expect(await camera.client.ask({ type: 'result', to: host.id, ref, ok: true })).toMatchObject(notFound)
  await host.client.settled()
  expect(host.client.of('result')).toHaveLength(1)
  await second.client.settled()
  expect(second.client.of('result')).toEqual([])
})

test('section 4: args, data and error may hold 16 KiB each, and not one byte more', async () => {
  const { host, camera } = await withCamera()
  const ask = (args: unknown) => host.client.ask({ type: 'command', to: camera.id, name: 'x', args })
  expect(await ask(textOf(16 * KIB + 1))).toMatchObject({ code: 'too_large' })
  const ref = await command(host, camera, textOf(16 * KIB))
  const answer = (fields: object) =>
    camera.client.ask({ type: 'result', to: host.id, ref, ok: true, ...fields })
  expect(await answer({ data: textOf(16 * KIB + 1) })).toMatchObject({ code: 'too_large' })
  expect(await answer({ error: textOf(16 * KIB + 1) })).toMatchObject({ code: 'too_large' })
  // What was refused has used nothing up.
  expect(await answer({ data: textOf(16 * KIB) })).toMatchObject({ ok: true })
  expect((await host.client.next('result')).data).toHaveLength(16 * KIB - 2)
})

test('[RES-1] a command and its result outlive a drop of either side', async () => {
  const here = await withCamera()
  const { app, host, camera } = here
  camera.client.drop()
  await host.client.next('member-updated', ({ member }) => !member.connected)
  const reply = await host.client.ask({ type: 'command', to: camera.id, name: 'torch' })
  const { ref } = (reply as unknown as { data: { ref: string } }).data
  const back = await seat(app, camera, { resume: camera.welcome.at })
  expect(await back.client.next('command')).toMatchObject({ ref })
  host.client.drop()
  await back.client.next('member-updated', ({ member }) => !member.connected)
  expect(await back.client.ask({ type: 'result', to: host.id, ref, ok: true, data: 7 })).toMatchObject({
    ok: true,
  })
  const again = await seat(app, host, { resume: (reply as unknown as { at: string }).at })
  expect(await again.client.next('result')).toMatchObject({ ref, data: 7 })
})
