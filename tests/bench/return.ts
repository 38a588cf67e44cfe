/**
 * How long until a picture is live again: `npm run bench -- return [--quick]`. A phone in a network of its own (root
 * and iproute2 are needed), whose packets are lost for 4 s, or whose Wi-Fi is off for 4 s; the server restarted; the
 * phone locked for 10 s. Real server over a real Redis, real browsers; measured on the dashboard, from the moment
 * when what was away is back. On the way from device to device, and through the server.
 */
import { loadavg } from 'node:os'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '../support/redis-server.ts'
import { freePort, startServer, type ServerProcess } from '../support/server-process.ts'
import { printFigures, figuresOf } from './figures.ts'
import { startDevices, type Devices, type Way } from './return/devices.ts'
import { startPhoneNetwork } from './return/network.ts'

const FULL = 6
const QUICK = 2
/** Milliseconds. */
const AWAY = 4_000
const LOCKED = 10_000
/** Between two rounds, so that each begins with a calm connection. */
const CALM = 3_000
/** Of the cut network. */
const GOAL = 3_000

const WAYS: readonly Way[] = ['direct', 'relayed']

export async function measure(options: readonly string[]): Promise<void> {
  const rounds = options.includes('--quick') ? QUICK : FULL
  const load = loadavg()[0] ?? Number.NaN
  const network = await startPhoneNetwork()
  const redis = await startRedis()
  const port = await freePort()
  const start = () =>
    startServer({
      HOST: '0.0.0.0',
      PORT: String(port),
      PUBLIC_URL: `http://${network.host}:${port}`,
      ALLOWED_ORIGINS: `http://127.0.0.1:${port}`,
      REDIS_URL: redis.url,
      ICE_SERVERS: '[]',
      RATE_LIMITS: 'off',
      DRAIN_SECONDS: '5',
    })
  let server: ServerProcess = await start()

  /** Each takes something away, gives it back and says when. */
  const events: Record<string, (devices: Devices) => Promise<number>> = {
    'packets lost for 4 s': async () => {
      await network.lose()
      await sleep(AWAY)
      const back = Date.now()
      await network.find()
      return back
    },
    'Wi-Fi off for 4 s': async () => {
      await network.unplug()
      await sleep(AWAY)
      const back = Date.now()
      await network.plug()
      return back
    },
    'server restarted': async () => {
      await server.stop()
      server = await start()
      return Date.now()
    },
    'phone locked for 10 s': async (devices) => {
      await devices.lock()
      await sleep(LOCKED)
      return devices.unlock()
    },
  }
  const figures: Record<string, number[]> = {}
  try {
    for (const way of WAYS) {
      const devices = await startDevices(network, `http://127.0.0.1:${port}`, way)
      try {
        for (const [name, happen] of Object.entries(events)) {
          const took: number[] = []
          figures[`${name}, ${way}`] = took
          for (let round = 0; round < rounds; round += 1) {
            await devices.liveAgain(Date.now())
            await sleep(CALM)
            took.push(await devices.liveAgain(await happen(devices)))
          }
          process.stdout.write(`${name}, ${way}: ${took.join(', ')} ms\n`)
        }
      } finally {
        await devices.close()
      }
    }
  } finally {
    await server.stop()
    await redis.stop()
    await network.close()
  }
  process.stdout.write('\n')
  printFigures(figures, 'ms')
  const worst = Object.entries(figures)
    .filter(([name]) => name.includes('4 s'))
    .map(([, values]) => figuresOf(values).max)
  process.stdout.write(
    [
      Math.max(...worst) <= GOAL
        ? `Goal met: live again within ${GOAL / 1_000} s of the network's return`
        : `Goal missed: ${Math.round(Math.max(...worst))} ms at most after the network's return`,
      `load of the machine ${load.toFixed(1)} before and ${(loadavg()[0] ?? Number.NaN).toFixed(1)} after`,
      '',
    ].join('\n'),
  )
}
