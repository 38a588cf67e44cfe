import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { startChild, type Child } from './child.ts'
import { asText, fromText, type DrivenPage } from './driven-page.ts'
import { toolPath } from './tools.ts'

export interface Firefox extends DrivenPage {
  /** Errors that pages logged or threw, as texts, in order. */
  readonly faults: readonly string[]
  /** Runs in every page before its own scripts, from the next address on, until it is taken back. */
  addScript(what: () => void): Promise<() => Promise<void>>
}

/** A generated camera, every question for it answered with yes, and no calls home. */
const PREFERENCES: Readonly<Record<string, boolean | string | number>> = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  // Its own names for addresses are resolved by multicast, which machines for tests may lack.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // Without it no candidates are made of loopback, which may be the only network.
  'media.peerconnection.ice.loopback': true,
  'app.update.auto': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'extensions.update.enabled': false,
}

/** Milliseconds until it listens, and until a command is answered. */
const START_WITHIN = 45_000
const ANSWER_WITHIN = 60_000

/** W3C webdriver-bidi: what is used of it. */
interface Commands {
  'session.new': { params: { capabilities: object }; result: unknown }
  'session.subscribe': { params: { events: readonly string[] }; result: unknown }
  'browser.close': { params: object; result: unknown }
  'browsingContext.getTree': { params: object; result: { contexts: readonly { context: string }[] } }
  'browsingContext.navigate': { params: { context: string; url: string; wait: 'complete' }; result: unknown }
  'browsingContext.reload': { params: { context: string; wait: 'complete' }; result: unknown }
  'browsingContext.setViewport': {
    params: { context: string; viewport: { width: number; height: number } }
    result: unknown
  }
  'browsingContext.captureScreenshot': { params: { context: string }; result: { data: string } }
  'script.addPreloadScript': { params: { functionDeclaration: string }; result: { script: string } }
  'script.removePreloadScript': { params: { script: string }; result: unknown }
  'script.callFunction': {
    params: {
      functionDeclaration: string
      arguments: readonly { type: 'string'; value: string }[]
      awaitPromise: true
      target: { context: string }
    }
    result:
      | { type: 'success'; result: { value: string } }
      | { type: 'exception'; exceptionDetails: { text: string } }
  }
  'input.performActions': { params: { context: string; actions: readonly object[] }; result: unknown }
}

type Message =
  | { type: 'success'; id: number; result: unknown }
  | { type: 'error'; id: number; error: string; message: string }
  | { type: 'event'; method: string; params: { level?: string; text?: string } }

/** The address that it prints when it listens. */
async function listening(child: Child): Promise<string> {
  const { stderr } = child.process
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Firefox did not listen within ${START_WITHIN} ms:\n${child.logs()}`)),
      START_WITHIN,
    )
    child.exited.then(() => reject(new Error(`Firefox ended at its start:\n${child.logs()}`)), reject)
    stderr?.on('data', () => {
      const [, address] = /WebDriver BiDi listening on (ws:\S+)\s/.exec(child.logs()) ?? []
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
  })
}

/** Speaks the protocol with one browser. */
async function converse(address: string, faults: string[]) {
  const socket = new WebSocket(`${address}/session`, { perMessageDeflate: false })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (cause: Error) => void }>()
  const endAll = (why: string) => {
    for (const { reject } of open.values()) reject(new Error(why))
    open.clear()
  }
  socket.on('close', () => endAll('Firefox ended'))
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message
    if (message.type === 'event') {
      const { level, text } = message.params
      if (level === 'error') faults.push(text ?? '')
      return
    }
    const asked = open.get(message.id)
    open.delete(message.id)
    if (message.type === 'error') asked?.reject(new Error(`${message.error}: ${message.message}`))
    else asked?.resolve(message.result)
  })
  let last = 0
  const send = <Name extends keyof Commands>(
    method: Name,
    params: Commands[Name]['params'],
  ): Promise<Commands[Name]['result']> =>
    new Promise((resolve, reject) => {
      const id = (last += 1)
      const timer = setTimeout(() => {
        open.delete(id)
        reject(new Error(`Firefox did not answer ${method} within ${ANSWER_WITHIN} ms`))
      }, ANSWER_WITHIN)
      open.set(id, {
        resolve: (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        reject: (cause) => {
          clearTimeout(timer)
          reject(cause)
        },
      })
      socket.send(JSON.stringify({ id, method, params }))
    })
  return { send, end: () => socket.terminate() }
}

/** Starts a real Firefox without a window, with a new profile and a generated camera. The caller closes it. */
export async function startFirefox(
  options: { readonly preferences?: typeof PREFERENCES } = {},
): Promise<Firefox> {
  const path = toolPath('firefox')
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-firefox-'))
  const lines = Object.entries({ ...PREFERENCES, ...options.preferences }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  )
  await writeFile(join(folder, 'user.js'), lines.join(''))
  const child = startChild(
    path,
    ['--headless', '--no-remote', '--profile', folder, '--remote-debugging-port=0', 'about:blank'],
    { env: { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: '1' } },
  )
  const discard = async () => {
    await child.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const faults: string[] = []
  try {
    const { send, end } = await converse(await listening(child), faults)
    await send('session.new', { capabilities: {} })
    await send('session.subscribe', { events: ['log.entryAdded'] })
    const [first] = (await send('browsingContext.getTree', {})).contexts
    if (first === undefined) throw new Error('Firefox opened no window')
    const { context } = first
    const press = (...steps: readonly object[]) =>
      send('input.performActions', {
        context,
        actions: [{ type: 'pointer', id: 'finger', parameters: { pointerType: 'mouse' }, actions: steps }],
      })
    return {
      faults,
      async goto(url) {
        await send('browsingContext.navigate', { context, url, wait: 'complete' })
      },
      async reload() {
        await send('browsingContext.reload', { context, wait: 'complete' })
      },
      async evaluate(what, ...args) {
        const answer = await send('script.callFunction', {
          functionDeclaration: asText(what),
          arguments: [{ type: 'string', value: JSON.stringify(args) }],
          awaitPromise: true,
          target: { context },
        })
        if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text)
        return fromText(answer.result.value)
      },
      async pressAt(x, y) {
        const point = { type: 'pointerMove', x, y }
        await press(point, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 })
      },
      async screenshot() {
        return Buffer.from((await send('browsingContext.captureScreenshot', { context })).data, 'base64')
      },
      async resize(width, height) {
        await send('browsingContext.setViewport', { context, viewport: { width, height } })
      },
      async addScript(what) {
        const { script } = await send('script.addPreloadScript', { functionDeclaration: String(what) })
        return async () => void (await send('script.removePreloadScript', { script }))
      },
      async close() {
        await send('browser.close', {})
        end()
        await discard()
      },
    }
  } catch (error) {
    await discard()
    throw error
  }
}
