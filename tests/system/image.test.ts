/** What the Dockerfile does, without an engine and without a network: untried is the image itself. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { copiesOf, execForm, healthCommand, ignored, projectStages, textsOf } from '../support/dockerfile.ts'
import { freePort } from '../support/server-process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pairlens-image-')))
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command of the Dockerfile; the environment holds PATH and what is given. */
function run(command: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const [program = '', ...args] = command
  const child = spawn(program, args, { cwd, env: { PATH: process.env['PATH'], ...env } })
  running.add(child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text))
  }
  const exit = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return { child, exit, logs: () => printed }
}

const [, build, image] = projectStages()
if (!build || !image) throw new Error('the Dockerfile has not three stages')

/** The packages of the lock file that `npm ci --omit=dev` installs here. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>
  }
  return Object.entries(packages)
    .filter(([path, { dev = false, devOptional = false }]) => path !== '' && !dev && !devOptional)
    .filter(([path, { optional = false }]) => !optional || existsSync(join(ROOT, path)))
    .map(([path]) => path)
}

test(
  'what the Dockerfile copies is enough to build, and what it keeps is enough to run',
  { timeout: 300_000 },
  async () => {
    const building = join(folder, 'build')
    mkdirSync(building)
    for (const { sources } of copiesOf(build)) {
      for (const source of sources) {
        cpSync(join(ROOT, source), join(building, source), {
          recursive: true,
          filter: (path) => !ignored(path.slice(ROOT.length)),
        })
      }
    }
    expect(readdirSync(building).sort()).toEqual([
      'package-lock.json',
      'package.json',
      'server',
      'tsconfig.json',
      'web',
    ])
    // Stands for `npm ci --include=dev`.
    symlinkSync(join(ROOT, 'node_modules'), join(building, 'node_modules'), 'junction')
    for (const command of textsOf(build, 'RUN').slice(1)) {
      const { exit, logs } = run(['sh', '-c', command], building)
      expect(await exit, logs()).toBe(0)
    }

    const app = join(folder, 'app')
    mkdirSync(app)
    for (const { from, sources, target } of copiesOf(image)) {
      if (from === 'packages') {
        // Copied and not linked: a linked package would find what is not in the image.
        for (const path of productionPackages()) {
          cpSync(join(ROOT, path), join(app, path), {
            recursive: true,
            filter: (each) => !each.slice(ROOT.length + path.length).includes('node_modules'),
          })
        }
      } else if (from === 'build') {
        for (const source of sources)
          cpSync(join(building, source.replace(/^\/app\//, '')), join(app, target), { recursive: true })
      } else {
        for (const source of sources) cpSync(join(ROOT, source), join(app, source), { recursive: true })
      }
    }
    expect(existsSync(join(app, 'node_modules', 'fastify'))).toBe(true)
    expect(existsSync(join(app, 'node_modules', 'typescript'))).toBe(false)

    const port = String(await freePort())
    const env = Object.fromEntries(textsOf(image, 'ENV').map((text) => text.split('=') as [string, string]))
    const command = execForm(textsOf(image, 'CMD')[0] ?? '')
    const server = run(command, app, { ...env, PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` })
    const health = () => run(healthCommand(image), app, { ...env, PORT: port }).exit
    for (let look = 0; (await health()) !== 0; look += 1) {
      if (server.child.exitCode !== null || look > 150)
        throw new Error(`it does not start:\n${server.logs()}`)
      await sleep(200)
    }
    for (const path of ['/', '/p', '/v', '/api/docs', '/readyz']) {
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).toBe(200)
    }
    server.child.kill(textsOf(image, 'STOPSIGNAL')[0] as NodeJS.Signals)
    expect(await server.exit).toBe(0)
    expect(await health()).toBe(1)
  },
)
