import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Child } from './child.ts'
import { asText, fromText, type DrivenPage } from './driven-page.ts'
import { freePort } from './server-process.ts'
import { toolPath } from './tools.ts'

/** A camera that the browser draws itself, and pictures of tracks in pages and workers as Safari has them. */
const FEATURES = '--features=+MockCaptureDevices,+MediaStreamTrackProcessing'

/** Milliseconds until something is up, and between two looks for it. */
const START_WITHIN = 45_000
const LOOK_EVERY = 50
/** Milliseconds that a function may run in a page. */
const SCRIPT_WITHIN = 60_000

/** A screen that nobody sees. @returns with its number */
async function startScreen(): Promise<{ screen: Child; display: string }> {
  const screen = startChild(
    toolPath('xvfb'),
    ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const numbers = screen.process.stdio[3]
  if (numbers === null || numbers === undefined) throw new Error('Xvfb has no way to tell its number')
  const ended = screen.exited.then(() => {
    throw new Error(`Xvfb ended at its start:\n${screen.logs()}`)
  })
  const [number] = (await Promise.race([once(numbers, 'data'), ended])) as [Buffer]
  // From here on its end is no fault.
  ended.catch(() => {})
  return { screen, display: `:${String(number).trim()}` }
}

type Command = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>

/** Speaks W3C webdriver with the driver at this address. */
const commands =
  (address: string): Command =>
  async (method, path, body) => {
    const response = await fetch(address + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { value } = (await response.json()) as { value: unknown }
    if (!response.ok) {
      const { error, message } = value as { error: string; message: string }
      throw new Error(`${method} ${path.replace(/^\/session\/[^/]+/, '')}: ${error} ${message}`)
    }
    return value
  }

async function ready(command: Command, driver: Child): Promise<void> {
  const end = performance.now() + START_WITHIN
  for (;;) {
    try {
      await command('GET', '/status')
      return
    } catch (error) {
      // Nobody listens yet.
      if (!(error instanceof TypeError) || performance.now() > end) {
        throw new Error(`WebKitWebDriver does not answer:\n${driver.logs()}`, { cause: error })
      }
    }
    await sleep(LOOK_EVERY)
  }
}

/**
 * Starts a real WebKit (MiniBrowser of WebKitGTK) in a window on a screen of its own, with a camera that it draws.
 * It has no RTCPeerConnection in Debian's build. The caller closes it.
 */
export async function startWebKit(): Promise<DrivenPage> {
  const path = toolPath('webkit')
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-webkit-'))
  const { screen, display } = await startScreen()
  const port = await freePort()
  const driver = startChild(path, ['--host=127.0.0.1', `--port=${port}`], {
    env: {
      ...process.env,
      DISPLAY: display,
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      // Without a graphics card, drawing by GL would show two pictures a second.
      WEBKIT_SKIA_ENABLE_CPU_RENDERING: '1',
      WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    },
  })
  const discard = async () => {
    await driver.stop()
    await screen.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const plain = commands(`http://127.0.0.1:${port}`)
    await ready(plain, driver)
    const { sessionId } = (await plain('POST', '/session', {
      capabilities: {
        alwaysMatch: { 'webkitgtk:browserOptions': { args: ['--automation', FEATURES] } },
      },
    })) as { sessionId: string }
    const command: Command = (method, rest, body) => plain(method, `/session/${sessionId}${rest}`, body)
    await command('POST', '/timeouts', { script: SCRIPT_WITHIN })
    return {
      async goto(url) {
        await command('POST', '/url', { url })
      },
      async reload() {
        await command('POST', '/refresh', {})
      },
      async evaluate(what, ...args) {
        const script = `const [args, done] = arguments
          ;(${asText(what)})(args).then((value) => done({ value }), (cause) => done({ cause: String(cause) }))`
        const answer = (await command('POST', '/execute/async', {
          script,
          args: [JSON.stringify(args)],
        })) as { value: string } | { cause: string }
        if ('cause' in answer) throw new Error(answer.cause)
        return fromText(answer.value)
      },
      async pressAt(x, y) {
        const steps = [
          { type: 'pointerMove', duration: 0, x, y },
          { type: 'pointerDown', button: 0 },
          { type: 'pointerUp', button: 0 },
        ]
        await command('POST', '/actions', {
          actions: [{ type: 'pointer', id: 'finger', parameters: { pointerType: 'mouse' }, actions: steps }],
        })
      },
      async screenshot() {
        return Buffer.from((await command('GET', '/screenshot')) as string, 'base64')
      },
      async resize(width, height) {
        await command('POST', '/window/rect', { width, height })
      },
      async close() {
        await command('DELETE', '')
        await discard()
      },
    }
  } catch (error) {
    await discard()
    throw error
  }
}
