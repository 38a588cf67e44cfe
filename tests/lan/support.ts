/** A data folder, a machine with chosen network cards, and the tools that judge certificates. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import type { NetworkInterfaceInfo } from 'node:os'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Lan, type LanOptions, openLan } from '../../server/lan/index.ts'
import { type ToolName, toolPath } from '../support/tools.ts'

/** An empty folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-lan-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** One network card with these addresses. */
export const card = (...addresses: string[]): NetworkInterfaceInfo[] =>
  addresses.map((address): NetworkInterfaceInfo => {
    const common = { address, netmask: '', mac: '', internal: address === '127.0.0.1', cidr: null }
    return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' }
  })

export interface TestLan {
  readonly lan: Lan
  readonly said: string[]
}

/** A Lan on a laptop at 192.168.1.5, closed with the test. What it logs is in `said`. */
export async function startLan(options: Partial<LanOptions> & { readonly folder: string }): Promise<TestLan> {
  const said: string[] = []
  const lan = await openLan({
    httpsPort: 0,
    httpPort: 4100,
    hostname: 'laptop',
    interfaces: () => ({ wlan0: card('192.168.1.5') }),
    log: { info: (text) => said.push(`info ${text}`), warn: (text) => said.push(`warn ${text}`) },
    ...options,
  })
  onTestFinished(() => lan.close())
  return { lan, said }
}

export interface Ran {
  readonly code: number
  readonly output: string
}

/** Runs a tool of the system; one that is missing fails the test with a sentence. */
export const run = (tool: ToolName, args: readonly string[]): Promise<Ran> =>
  new Promise((resolve, reject) => {
    execFile(toolPath(tool), [...args], (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code === 'number') resolve({ code, output: `${stdout}${stderr}` })
      else reject(error ?? new Error(`${tool} ended without a code`))
    })
  })
