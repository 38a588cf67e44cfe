/**
 * `npm run dev:cluster [-- --redis]`: three instances of the built server over one store, behind one address, to play
 * with and to break: keys kill, restart, cut and switch off. Everything runs on loopback and ends with this process.
 */
import { ownEnvironment } from '../config.ts'
import process from 'node:process'
import { startRedisAlone, startUpstash, type Backend } from './cluster/backend.ts'
import { startBalancer, type Balancer } from './cluster/balancer.ts'
import { build, rebuildOnChange } from './cluster/build.ts'
import { startInstances, type Instances } from './cluster/instances.ts'

const INSTANCES = 3
const CTRL_C = '\u0003'

const KEYS = `  Keys         k  kill -9 one             r  rolling restart, which brings back what was killed
               c  cut the event streams   o  outage of the store, on and off
               b  commands billed since   q  quit`

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** A line of an instance: of its log what happened, and the rest as it is. */
function readable(line: string): string {
  if (!line.startsWith('{')) return line
  const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: unknown }
  return `${level >= 40 ? '! ' : ''}${msg}${err === undefined ? '' : ` ${JSON.stringify(err)}`}`
}

/** What the user has set, but for what leads to another store or names another address. */
function environment(backend: Backend, port: number): Record<string, string> {
  const mine = new Set(['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN', 'REDIS_URL', 'HOST', 'PORT'])
  const theirs = Object.entries(ownEnvironment()).flatMap(([name, value]) =>
    value === undefined || mine.has(name) ? [] : [[name, value] as const],
  )
  return {
    PUBLIC_URL: `http://localhost:${port}`,
    ALLOWED_ORIGINS: `http://127.0.0.1:${port}`,
    LOG_LEVEL: 'warn',
    DRAIN_SECONDS: '5',
    ...Object.fromEntries(theirs),
    // Without the lines about where it listens, which is not where anybody should go.
    NODE_ENV: 'production',
    ...backend.env,
  }
}

const closers: (() => Promise<void> | void)[] = []
let ending: Promise<void> | undefined

/** Ends what was started, the last first; asked a second time, at once. */
function end(code: number): void {
  if (ending !== undefined) process.exit(1)
  ending = (async () => {
    for (const close of closers.reverse()) await close()
    process.exit(code)
  })()
  ending.catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
}

function failed(error: unknown): void {
  // What is interrupted by the end fails because of it.
  if (ending !== undefined) return
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  end(1)
}

function introduce(url: string, backend: Backend, instances: Instances): void {
  const each = instances
    .all()
    .map(({ name, port, pid }) => `  Instance ${name}   http://127.0.0.1:${port} (process ${pid ?? 'ended'})`)
  print(
    [
      '',
      `${INSTANCES} instances share one store behind one address.`,
      `  Open         ${url} (connections go to the instances in turn, nothing is sticky)`,
      ...each,
      `  Store        ${backend.description}`,
      KEYS,
      '',
    ].join('\n'),
  )
}

function onKeys(backend: Backend, instances: Instances): void {
  let isOut = false
  const act = async (key: string): Promise<void> => {
    switch (key) {
      case 'k': {
        const name = instances.kill()
        print(name === undefined ? 'None runs: r starts them' : `kill -9 ${name}`)
        break
      }
      case 'r':
        print('Rolling restart')
        await instances.roll()
        print('Rolling restart: done')
        break
      case 'c':
        await backend.cutStreams()
        print('The event streams were cut')
        break
      case 'o':
        isOut = !isOut
        await backend.outage(isOut)
        print(isOut ? 'The store is away; o brings it back' : 'The store is back')
        break
      case 'b':
        print(backend.bill() ?? 'Only Upstash counts commands')
        break
      case 'q':
      case CTRL_C:
        end(0)
        break
      default:
        if (key.trim() !== '') print(KEYS)
    }
  }
  // A terminal gives each key at once, and Ctrl-C to this process alone instead of to all of its children.
  if (process.stdin.isTTY) process.stdin.setRawMode(true)
  process.stdin.setEncoding('utf8').on('data', (text: string) => {
    for (const key of text)
      act(key).catch((error: unknown) => print(error instanceof Error ? error.message : String(error)))
  })
}

async function run(options: readonly string[]): Promise<void> {
  const unknown = options.find((option) => option !== '--redis')
  if (unknown !== undefined) throw new Error(`No such option: ${unknown} (there is --redis)`)
  const host = ownEnvironment()['HOST'] ?? '127.0.0.1'
  let targets: Instances['all'] = () => []
  const balancer: Balancer = await startBalancer({
    host,
    port: Number(ownEnvironment()['PORT'] ?? 3000),
    targets: () => targets(),
  })
  closers.push(() => balancer.close())
  await build()
  const backend = await (options.includes('--redis') ? startRedisAlone() : startUpstash())
  closers.push(() => backend.close())
  const started = await startInstances(INSTANCES, environment(backend, balancer.port), (name, line) =>
    print(`[${name}] ${readable(line)}`),
  )
  targets = started.all
  closers.push(() => started.close())
  closers.push(
    rebuildOnChange(() => {
      print('Rolling restart: there is something new')
      started.roll().catch(failed)
    }),
  )
  onKeys(backend, started)
  introduce(`http://localhost:${balancer.port}`, backend, started)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(0))
await run(process.argv.slice(2)).catch(failed)
