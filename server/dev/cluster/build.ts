/** Builds what is stale, and again whenever sources change. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SOURCES = ['server', 'web']
/** An editor that saves several files has done so by then. Milliseconds. */
const SETTLE = 300

/** What the builder keeps of each part that it built (server/dev/build.mjs). */
const stamps = (): string =>
  ['server', 'web']
    .map((part) => join(ROOT, 'dist', `.${part}.json`))
    .map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''))
    .join('\n')

/** @returns whether something new was built; false too where it failed, which the builder has said then */
async function buildStale(): Promise<boolean> {
  const before = stamps()
  const child = spawn(process.execPath, [join(ROOT, 'server/dev/build.mjs'), '--stale'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // A group of its own, so that its compilers end with it.
    detached: process.platform !== 'win32',
  })
  const end = (): void => {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid)
    else child.kill()
  }
  process.once('exit', end)
  const [code] = (await once(child, 'exit')) as [number | null]
  process.off('exit', end)
  return code === 0 && stamps() !== before
}

/** @throws where there is nothing to run afterwards */
export async function build(): Promise<void> {
  await buildStale()
  if (!existsSync(join(ROOT, 'dist/server/main.js'))) throw new Error('The server could not be built')
}

/**
 * Looks after the sources.
 * @param built called when something new was built
 * @returns ends it
 */
export function rebuildOnChange(built: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let isBuilding = false
  const run = async (): Promise<void> => {
    isBuilding = true
    try {
      if (await buildStale()) built()
    } finally {
      isBuilding = false
    }
  }
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (isBuilding) changed()
      else void run()
    }, SETTLE)
  }
  const watchers = SOURCES.map((folder) => watch(join(ROOT, folder), { recursive: true }, changed))
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
