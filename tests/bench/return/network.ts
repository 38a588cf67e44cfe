/** A phone's network that can be cut: a network namespace of its own, joined to this machine by a virtual cable. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface PhoneNetwork {
  /** This machine as the phone sees it. */
  readonly host: string
  /** Path of a script that starts the given browser in the phone's network. */
  browser(executable: string): Promise<string>
  /** Every packet is lost, and nobody is told: a lift, a tunnel. */
  lose(): Promise<void>
  find(): Promise<void>
  /** The phone's own interface goes down, which its browser sees: Wi-Fi off. */
  unplug(): Promise<void>
  plug(): Promise<void>
  close(): Promise<void>
}

/** Needs root, and `ip` and `tc` of iproute2. */
export async function startPhoneNetwork(): Promise<PhoneNetwork> {
  const name = `plret${process.pid}`
  const [near, far] = [`plr${process.pid}a`, `plr${process.pid}b`]
  const net = `10.77.${process.pid % 250}`
  const host = `${net}.1`
  const folder = await mkdtemp(join(tmpdir(), 'pairlens-return-'))
  const ip = (...args: string[]) => run('ip', args)
  const inside = (...args: string[]) => run('ip', ['netns', 'exec', name, ...args])
  // A bucket that no packet fits into.
  const full = ['root', 'tbf', 'rate', '8bit', 'burst', '10', 'limit', '1']

  const close = async () => {
    await rm(folder, { recursive: true, force: true })
    await ip('netns', 'del', name)
  }
  await ip('netns', 'add', name)
  try {
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
    await ip('addr', 'add', `${host}/24`, 'dev', near)
    await ip('link', 'set', near, 'up')
    await ip('-n', name, 'addr', 'add', `${net}.2/24`, 'dev', far)
    await ip('-n', name, 'link', 'set', 'lo', 'up')
    await ip('-n', name, 'link', 'set', far, 'up')
    await ip('-n', name, 'route', 'add', 'default', 'via', host)
  } catch (error) {
    await close()
    throw error
  }
  return {
    host,
    async browser(executable) {
      const path = join(folder, 'browser')
      await writeFile(path, `#!/bin/sh\nexec ip netns exec ${name} "${executable}" "$@"\n`)
      await chmod(path, 0o755)
      return path
    },
    async lose() {
      await Promise.all([
        run('tc', ['qdisc', 'add', 'dev', near, ...full]),
        inside('tc', 'qdisc', 'add', 'dev', far, ...full),
      ])
    },
    async find() {
      await Promise.all([
        run('tc', ['qdisc', 'del', 'dev', near, 'root']),
        inside('tc', 'qdisc', 'del', 'dev', far, 'root'),
      ])
    },
    async unplug() {
      await ip('-n', name, 'link', 'set', far, 'down')
    },
    async plug() {
      await ip('-n', name, 'link', 'set', far, 'up')
      await ip('-n', name, 'route', 'replace', 'default', 'via', host)
    },
    close,
  }
}
