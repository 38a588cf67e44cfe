/** The link between instances, met by ends that are none. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createLocalBus } from '../../server/bus/local.ts'
import { isPrivateAddress } from '../../server/domain/private-addresses.ts'
import { Secrets } from '../../server/domain/secrets.ts'
import type { InstanceId, RoomId, SessionId } from '../../server/protocol/ids.ts'
import { MEDIA_SUBPROTOCOL } from '../../server/protocol/limits.ts'
import { LinkOpener } from '../../server/realtime/relay/link/opener.ts'
import { introduce, proofOf, type Introduction } from '../../server/realtime/relay/link/proof.ts'
import type { TestApp } from '../support/app.ts'
import { connect, Refused } from '../support/client.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { Film, relayedOf } from '../support/film.ts'
import { addMember, newRoom, startApp } from './support.ts'

const SECRET = 'test-app-secret-0123456789'
const KEY = new Secrets(SECRET).linkKey()
const ME = 'instance-of-a-test' as InstanceId

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** An app whose store others may share, though nobody does. */
const shared = (clock?: TestClock): Promise<TestApp> =>
  startApp({
    ...(clock === undefined ? {} : { clock }),
    sharing: {
      bus: createLocalBus(new Map()),
      health: { health: { state: 'shared' }, onHealth: () => () => undefined, check: () => undefined },
      peerTimeoutMs: 10_000,
    },
  })

/** The opening end as a test plays it. */
class Opener {
  readonly socket: WebSocket
  readonly texts: Record<string, unknown>[] = []
  readonly pictures: Buffer[] = []
  readonly closed: Promise<number>

  constructor(url: string) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/internal/media`, MEDIA_SUBPROTOCOL)
    closers.push(() => this.socket.terminate())
    this.closed = new Promise((resolve) => this.socket.on('close', resolve))
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.pictures.push(data)
      else this.texts.push(JSON.parse(data.toString()) as Record<string, unknown>)
    })
  }

  async open(): Promise<this> {
    await once(this.socket, 'open')
    return this
  }

  say(saying: object): void {
    this.socket.send(JSON.stringify(saying))
  }

  /** Introduces itself and gives the answer. */
  async introduced(own: Introduction): Promise<Introduction> {
    this.say({ t: 'introduction', v: 1, ...own })
    await once(this.socket, 'message')
    return this.texts[0] as unknown as Introduction
  }
}

describe('[SEC-4] [MED-6] the listening end', () => {
  test('who proves to have the secret gets the pictures it asks for', async () => {
    const app = await shared()
    const here = await newRoom(app)
    const camera = await addMember(here)
    const opener = await new Opener(app.url).open()
    const own = introduce(ME)
    const theirs = await opener.introduced(own)
    opener.say({ t: 'proof', proof: proofOf(KEY, 'opener', own, theirs) })
    await once(opener.socket, 'message')
    expect(opener.texts[1]).toEqual({ t: 'proof', proof: proofOf(KEY, 'listener', own, theirs) })
    const wish = {
      t: 'wish',
      room: here.room.id,
      camera: camera.id,
      watchers: 2,
      keyFrame: true,
      slow: false,
    }
    opener.say(wish)
    expect(await camera.client.next('relay')).toMatchObject({ watchers: 2, keyFrame: true })
    const picture = new Film().key()
    camera.client.raw(picture)
    await once(opener.socket, 'message')
    expect(opener.pictures).toEqual([relayedOf(camera.id, picture)])
    opener.say({ ...wish, slow: true })
    expect(await camera.client.next('relay')).toMatchObject({ slow: true })
    camera.client.send({ type: 'leave' })
    expect(await opener.closed).toBe(4404)
  })

  test('a link is for one camera', async () => {
    const app = await shared()
    const here = await newRoom(app)
    const [one, two] = [await addMember(here), await addMember(here)]
    const opener = await new Opener(app.url).open()
    const own = introduce(ME)
    opener.say({ t: 'proof', proof: proofOf(KEY, 'opener', own, await opener.introduced(own)) })
    const wish = { t: 'wish', room: here.room.id, watchers: 1, keyFrame: true, slow: false }
    opener.say({ ...wish, camera: one.id })
    await one.client.next('relay')
    opener.say({ ...wish, camera: two.id })
    expect(await opener.closed).toBe(4401)
    expect(await one.client.next('relay')).toMatchObject({ watchers: 0 })
    await two.client.settled()
    expect(two.client.of('relay')).toEqual([])
  })

  test('a camera that is not there ends the link', async () => {
    const app = await shared()
    const opener = await new Opener(app.url).open()
    const own = introduce(ME)
    opener.say({ t: 'proof', proof: proofOf(KEY, 'opener', own, await opener.introduced(own)) })
    opener.say({ t: 'wish', room: 'r', camera: 'c', watchers: 1, keyFrame: true, slow: false })
    expect(await opener.closed).toBe(4404)
  })

  test.each([
    [
      'of another secret',
      (own: Introduction, theirs: Introduction) => proofOf(Buffer.from('x'), 'opener', own, theirs),
    ],
    ['of the other end', (own: Introduction, theirs: Introduction) => proofOf(KEY, 'listener', own, theirs)],
    [
      'of another instance',
      (own: Introduction, theirs: Introduction) =>
        proofOf(KEY, 'opener', { ...own, instance: 'other' as InstanceId }, theirs),
    ],
    ['of other nonces', (own: Introduction) => proofOf(KEY, 'opener', own, introduce(ME))],
  ])('a proof %s is answered by nothing', async (_which, proof) => {
    const app = await shared()
    const opener = await new Opener(app.url).open()
    const own = introduce(ME)
    const theirs = await opener.introduced(own)
    opener.say({ t: 'proof', proof: proof(own, theirs) })
    opener.say({ t: 'wish', room: 'r', camera: 'c', watchers: 1, keyFrame: true, slow: false })
    expect(await opener.closed).toBe(4401)
    expect(opener.texts).toHaveLength(1)
  })

  test.each([
    [
      'a wish before the proof',
      '{"t":"wish","room":"r","camera":"c","watchers":1,"keyFrame":true,"slow":false}',
    ],
    ['no JSON', 'x'],
    ['a short nonce', '{"t":"introduction","v":1,"nonce":"abc","instance":"i"}'],
    [
      'a long text',
      JSON.stringify({
        t: 'introduction',
        v: 1,
        nonce: 'x'.repeat(43),
        instance: 'i',
        more: 'x'.repeat(2_000),
      }),
    ],
    ['bytes', Buffer.from([1, 2, 3])],
  ])('%s is answered by nothing', async (_which, text) => {
    const app = await shared()
    const opener = await new Opener(app.url).open()
    opener.socket.send(text)
    expect(await opener.closed).toBe(4401)
    expect(opener.texts).toEqual([])
  })

  test('who says nothing for three seconds is closed', async () => {
    const clock = createTestClock()
    const app = await shared(clock)
    const opener = await new Opener(app.url).open()
    await opener.introduced(introduce(ME))
    clock.advance(3_000)
    expect(await opener.closed).toBe(4401)
    expect(opener.texts).toHaveLength(1)
  })

  test('pages, other subprotocols and instances without others are refused before the upgrade', async () => {
    const app = await shared()
    const at = { path: '/internal/media' }
    const media = { ...at, protocols: [MEDIA_SUBPROTOCOL] }
    await expect(connect(app.url, at)).rejects.toMatchObject({ status: 400 })
    await expect(connect(app.url, { ...media, origin: 'http://pairlens.test' })).rejects.toMatchObject({
      status: 403,
    })
    await expect(connect(app.url, { protocols: [MEDIA_SUBPROTOCOL] })).rejects.toMatchObject({ status: 400 })
    const alone = await startApp()
    await expect(connect(alone.url, media)).rejects.toBeInstanceOf(Refused)
  })
})

/** What listens where an instance is expected, and does as a test says. */
async function impostor(answer: (socket: WebSocket, text: Record<string, unknown>) => void): Promise<{
  readonly url: string
  readonly heard: Record<string, unknown>[]
}> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  const heard: Record<string, unknown>[] = []
  sockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => {
      const text = JSON.parse(data.toString()) as Record<string, unknown>
      heard.push(text)
      answer(socket, text)
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    sockets.close()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

describe('[SEC-4] [MED-6] the opening end', () => {
  const THEM = 'expected' as InstanceId

  /** Resolves with the reason why it gave up. */
  async function opened(url: string): Promise<{ readonly why: string; readonly pictures: number }> {
    let pictures = 0
    let changed: () => void = () => undefined
    const first = new Promise<void>((resolve) => (changed = resolve))
    const reasons: string[] = []
    const opener = new LinkOpener({
      clock: createTestClock(),
      instance: ME,
      key: KEY,
      to: { instance: THEM, url },
      camera: { room: 'r' as RoomId, id: 'c' as SessionId },
      listener: { picture: () => (pictures += 1), changed: () => changed() },
      log: {
        info: () => undefined,
        warn: (fields) => reasons.push('reason' in fields ? String(fields.reason) : ''),
      },
    })
    closers.push(() => opener.close())
    opener.wish({ watchers: 1, keyFrame: true, slow: false })
    await first
    return { why: reasons.join('; '), pictures }
  }

  test.each(['http://8.8.8.8:3000', 'http://[2001:db8::1]:3000', 'http://169.254.169.254'])(
    'goes to no address outside private ranges: %s',
    async (url) => {
      expect((await opened(url)).why).toMatch(/outside the private address ranges/)
    },
  )

  test.each(['', 'nonsense', 'ftp://10.0.0.1', 'http://', 'javascript:1', 'http://10.0.0.1:99999'])(
    'goes nowhere where what was said is no URL: %j',
    async (url) => {
      expect((await opened(url)).why).toMatch(/no http or https URL/)
    },
  )

  test('a listener that cannot prove itself learns no wish, and its pictures are none', async () => {
    const them = introduce(THEM)
    const { url, heard } = await impostor((socket, { t }) => {
      socket.send(relayedOf('c', new Film().key()))
      if (t === 'introduction') socket.send(JSON.stringify({ t: 'introduction', v: 1, ...them }))
      // What the opener itself has proven is no proof of the other end.
      else if (t === 'proof') socket.send(JSON.stringify({ t: 'proof', proof: heard.at(-1)?.['proof'] }))
    })
    expect(await opened(url)).toEqual({ why: expect.stringMatching(/does not prove/) as string, pictures: 0 })
    expect(heard.map(({ t }) => t)).not.toContain('wish')
  })

  test('a proof that is the own one sent back is refused', async () => {
    const them = introduce(THEM)
    const { url, heard } = await impostor((socket, { t, proof }) => {
      socket.send(JSON.stringify(t === 'introduction' ? { t, v: 1, ...them } : { t, proof }))
    })
    expect((await opened(url)).why).toMatch(/does not prove/)
    expect(heard.map(({ t }) => t)).toEqual(['introduction', 'proof'])
  })
})

test('[SEC-4] addresses are private or not, in all their forms', () => {
  for (const address of [
    '10.0.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '127.0.0.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
  ])
    expect([address, isPrivateAddress(address)]).toEqual([address, true])
  for (const address of [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '169.254.169.254',
    '2001:db8::1',
    '::ffff:8.8.8.8',
    '::',
    '0.0.0.0',
    'localhost',
    '',
  ])
    expect([address, isPrivateAddress(address)]).toEqual([address, false])
})
