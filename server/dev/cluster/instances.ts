/** The built server, several times. */
import {
  freePort,
  installServer,
  startServer,
  type ServerProcess,
} from '../../../tests/support/server-process.ts'
import type { Target } from './balancer.ts'

/** An instance that has not ended so long after it was asked to is ended. Milliseconds. */
const END_WITHIN = 30_000

export interface Instance extends Target {
  readonly name: string
  /** Absent while it is down. */
  readonly pid?: number
}

export interface Instances {
  all(): readonly Instance[]
  /** Ends the next one of those that run, as a crash does. @returns its name */
  kill(): string | undefined
  /** Stops and starts one after the other, from what is built now; those that are down are started. */
  roll(): Promise<void>
  close(): Promise<void>
}

interface Slot {
  readonly name: string
  readonly port: number
  server: ServerProcess | undefined
}

/**
 * Starts them.
 * @param say hears what an instance prints, line by line, and what becomes of it
 * @throws StartError
 */
export async function startInstances(
  count: number,
  env: Readonly<Record<string, string>>,
  say: (name: string, line: string) => void,
): Promise<Instances> {
  let folder = installServer()
  let isClosed = false
  let killed = -1
  let rolling: Promise<void> | undefined
  let isRollWanted = false
  const slots: Slot[] = []
  for (let n = 1; n <= count; n += 1)
    slots.push({ name: String(n), port: await freePort(), server: undefined })

  const start = async (slot: Slot): Promise<void> => {
    let rest = ''
    const server = await startServer(
      { ...env, PORT: String(slot.port), INSTANCE_ID: slot.name },
      {
        folder,
        printed(text) {
          const lines = (rest + text).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) say(slot.name, line)
        },
      },
    )
    slot.server = server
    void server.exited.then(({ code, signal }) => {
      if (slot.server === server) slot.server = undefined
      if (!isClosed && code !== 0) say(slot.name, `ended (${signal ?? `code ${code}`}); r starts it again`)
    })
  }
  const stop = async ({ server }: Slot): Promise<void> => {
    if (server === undefined) return
    const late = setTimeout(() => void server.kill(), END_WITHIN)
    await server.stop()
    clearTimeout(late)
  }
  const rollOnce = async (): Promise<void> => {
    folder = installServer()
    for (const slot of slots) {
      await stop(slot)
      if (isClosed) return
      await start(slot)
    }
  }
  const close = async (): Promise<void> => {
    isClosed = true
    // What fails now failed because of the end; one that is on its way up has to be there to be stopped.
    await rolling?.catch(() => undefined)
    await Promise.all(slots.map(stop))
  }

  // Together, so that a start that failed leaves none on its way up.
  const started = await Promise.allSettled(slots.map(start))
  for (const outcome of started) {
    if (outcome.status === 'fulfilled') continue
    await close()
    throw outcome.reason
  }
  return {
    all: () =>
      slots.map(({ name, port, server }) => ({
        name,
        port,
        ...(server === undefined ? {} : { pid: server.pid }),
      })),
    kill() {
      for (let step = 0; step < slots.length; step += 1) {
        killed = (killed + 1) % slots.length
        const slot = slots[killed]
        if (slot?.server === undefined) continue
        void slot.server.kill()
        return slot.name
      }
      return undefined
    },
    roll() {
      isRollWanted = true
      rolling ??= (async () => {
        try {
          while (isRollWanted) {
            isRollWanted = false
            if (!isClosed) await rollOnce()
          }
        } finally {
          rolling = undefined
        }
      })()
      return rolling
    },
    close,
  }
}
