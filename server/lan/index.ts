/** Phones on the LAN: https on the machine's own addresses, with a certificate of its own authority. */
import { hostname as machineName, networkInterfaces } from 'node:os'
import type { LanInfo } from '../protocol/api.ts'
import { baseUrl, type Interfaces, type LanAddress, lanAddresses } from './addresses.ts'
import { openCredentials } from './credentials.ts'
import type { Log } from './kept.ts'
import { LOOPBACK_NAMES } from './leaf.ts'
import { type Backend, type Listener, openListener } from './listener.ts'
import { systemCode } from './private-file.ts'
import { mobileConfig } from './profile.ts'

export { dataFolder, type FolderVariables } from './data-folder.ts'
export type { Backend } from './listener.ts'

/** Ends what it was given for. */
export type Disposer = () => Promise<void>

/** Networks change while a laptop is carried about; this often the addresses are read again. */
export const REFRESH_EVERY = 30_000

export const TRUST_PATHS = {
  page: '/trust',
  certificate: '/trust/pairlens-authority.crt',
  profile: '/trust/pairlens.mobileconfig',
} as const

export interface LanOptions {
  /** The user's data folder, see `dataFolder`; made when absent. */
  readonly folder: string
  /** Port of the https listener; 0 lets the system choose. */
  readonly httpsPort: number
  /** Port of the plain listener, where the trust page is reached before the authority is trusted. */
  readonly httpPort: number
  /** Address to listen on; undefined, `0.0.0.0` and `::` mean all. */
  readonly host?: string | undefined
  readonly log: Log
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  readonly interfaces?: () => Interfaces
  readonly hostname?: string
}

export interface Lan {
  /** With `trust`, which is absent from the answer of the API only where there is no Lan. */
  info(): Required<LanInfo>
  /**
   * Base URL such as `https://192.168.1.5:3443`, for the best address or the one given; undefined when the
   * machine has no such address. Plain http while the https listener is not up (port taken, not attached).
   */
  urlFor(address?: string): string | undefined
  /** Origins of the machine's own pages, on either port, loopback included. */
  origins(): string[]
  authorityPem(): string
  authorityDer(): Buffer
  /** Apple configuration profile (XML) that installs the authority. */
  mobileConfig(): string
  /** Reads the addresses again at once; the timer does so every 30 s. Failures are logged, not thrown. */
  refresh(): Promise<void>
  /** Opens the https listener in front of the app. A taken port is logged and tried again at every refresh. */
  attach(app: Backend): Promise<Disposer>
  /** Ends the timer and the listener. */
  close(): Promise<void>
}

/** Makes or takes up authority and leaf and follows the machine's addresses until it is closed. */
export async function openLan(options: LanOptions): Promise<Lan> {
  const { log, httpPort, now = Date.now, interfaces = networkInterfaces } = options
  const hostname = options.hostname ?? machineName()
  const name = `Pairlens on ${hostname}`
  const host = options.host === '0.0.0.0' || options.host === '::' ? undefined : options.host
  const credentialsFor = openCredentials({
    folder: options.folder,
    name,
    leafName: `Pairlens server on ${hostname}`,
    log,
    now,
  })

  const readAddresses = (): LanAddress[] =>
    lanAddresses(interfaces(), hostname).filter(({ address }) => host === undefined || host === address)
  const namesOf = (list: readonly LanAddress[]) => [...LOOPBACK_NAMES, ...list.map(({ address }) => address)]

  let addresses = readAddresses()
  let credentials = await credentialsFor(namesOf(addresses))
  let backend: Backend | undefined
  let listener: Listener | undefined
  let lastFault = ''

  const say = (fault: string) => {
    if (fault !== lastFault) log.warn(`[LAN] ${fault}`)
    lastFault = fault
  }
  const describe = () => addresses.map(({ address, network }) => `${address} (${network})`).join(', ')
  const sayAddresses = () => {
    if (addresses.length > 0) log.info(`[LAN] Phones reach this machine at ${describe()}`)
    else
      log.warn("[LAN] This machine has no private network address: join the phones' Wi-Fi, or set PUBLIC_URL")
  }
  log.info(
    `[LAN] Certificate authority "${name}", SHA-256 ${credentials.authority.certificate.fingerprint256}`,
  )
  sayAddresses()

  async function listen(): Promise<void> {
    if (backend === undefined || listener !== undefined) return
    const port = options.httpsPort
    try {
      listener = await openListener({
        backend,
        port,
        host,
        leaf: credentials.leaf,
        warn: (text) => log.warn(text),
      })
      lastFault = ''
      log.info(`[LAN] https listens on port ${listener.port}`)
    } catch (error) {
      if (systemCode(error) === undefined || !(error instanceof Error)) throw error
      say(
        systemCode(error) === 'EADDRINUSE'
          ? `Port ${port} is taken, so phones get no https and no camera from this server: end the other program ` +
              'or set LAN_HTTPS_PORT to a free port. The port is tried again every 30 s'
          : `https cannot listen on port ${port} (${error.message}): set LAN_HTTPS_PORT to another port`,
      )
    }
  }

  async function readAgain(): Promise<void> {
    try {
      const before = describe()
      const found = readAddresses()
      const next = await credentialsFor(namesOf(found))
      addresses = found
      if (describe() !== before) sayAddresses()
      const renewed = next.leaf.certificate.fingerprint256 !== credentials.leaf.certificate.fingerprint256
      credentials = next
      if (renewed) listener?.present(next.leaf)
      await listen()
    } catch (error) {
      say(
        `The addresses or certificates could not be renewed: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  // One step at a time: a step that starts while another waits for the disk would undo its result.
  let queue: Promise<void> = Promise.resolve()
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const run = queue.then(step)
    queue = run.catch((error: unknown) => say(error instanceof Error ? error.message : String(error)))
    return run
  }
  const refresh = () => inTurn(readAgain)
  const timer = setInterval(() => void refresh(), REFRESH_EVERY)
  timer.unref()

  const urlOf = (address: string): string =>
    listener === undefined ? baseUrl('http', address, httpPort) : baseUrl('https', address, listener.port)
  const detach = () =>
    inTurn(async () => {
      const open = listener
      backend = undefined
      listener = undefined
      await open?.close()
    })

  return {
    info: () => ({
      addresses: addresses.map(({ address, network }) => ({ address, network, url: urlOf(address) })),
      trust: {
        fingerprint: credentials.authority.certificate.fingerprint256,
        paths: { ...TRUST_PATHS },
        httpPort,
      },
    }),
    urlFor: (wanted) => {
      const known = wanted === undefined ? addresses[0] : addresses.find(({ address }) => address === wanted)
      return known === undefined ? undefined : urlOf(known.address)
    },
    origins: () =>
      namesOf(addresses).flatMap((each) => [
        baseUrl('http', each, httpPort),
        ...(listener === undefined ? [] : [baseUrl('https', each, listener.port)]),
      ]),
    authorityPem: () => credentials.authority.certificate.toString(),
    authorityDer: () => credentials.authority.certificate.raw,
    mobileConfig: () => mobileConfig(credentials.authority.certificate, name),
    refresh,
    attach: async (app) => {
      await inTurn(async () => {
        if (backend !== undefined) throw new Error('The LAN listener stands in front of an app already')
        backend = app
        await listen()
      })
      return detach
    },
    close: async () => {
      clearInterval(timer)
      await detach()
    },
  }
}
