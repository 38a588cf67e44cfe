/**
 * Builds the server (dist/server) and the pages (dist/web).
 *
 *   node server/dev/build.mjs [server|web ...] [--stale]
 *
 * With `--stale` only a part whose sources differ from those it was built from is built. Sources are
 * compared by content, since a checkout or a copy gives files times that say nothing. Plain JavaScript,
 * because it runs where nothing was built and no devDependency may be installed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const SHARED = ['package.json', 'package-lock.json', 'tsconfig.json']
const SWAP_ATTEMPTS = 20

/**
 * @typedef {object} Part
 * @property {string} out where the result stands, from the root
 * @property {string} entry what must be there for the result to be of use, from `out`
 * @property {string[]} sources files and folders it is built from, from the root
 * @property {string[]} ignored folders inside `sources` that do not go into it
 * @property {string[]} needs packages without which it cannot be built
 * @property {(out: string) => string[]} command arguments for node that build into the folder `out`
 */

/** @type {Record<string, Part>} */
const PARTS = {
  server: {
    out: 'dist/server',
    entry: 'main.js',
    sources: [...SHARED, 'server'],
    ignored: ['server/dev'],
    needs: ['typescript', '@types/node'],
    command: (out) => [
      'node_modules/typescript/bin/tsc',
      '-p',
      'server/tsconfig.json',
      '--outDir',
      out,
      '--pretty',
      'false',
    ],
  },
  web: {
    out: 'dist/web',
    entry: 'phone/index.html',
    sources: [...SHARED, 'web', 'server/protocol'],
    ignored: [],
    needs: ['vite', 'preact'],
    command: (out) => [
      'node_modules/vite/bin/vite.js',
      'build',
      '--config',
      'web/vite.config.ts',
      '--outDir',
      join(ROOT, out),
      '--emptyOutDir',
      '--logLevel',
      'warn',
    ],
  },
}

/** All files of a file or folder, from the root, sorted; nothing for what is not there. */
const filesOf = (path) => {
  const stat = statSync(join(ROOT, path), { throwIfNoEntry: false })
  if (!stat) return []
  if (!stat.isDirectory()) return [path]
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort()
}

const hashOf = (texts) => {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text).update('\0')
  return hash.digest('hex')
}

const sourcesHash = (part) =>
  hashOf(
    part.sources
      .flatMap(filesOf)
      .filter((file) => !part.ignored.some((folder) => file.startsWith(folder.replaceAll('/', sep) + sep)))
      .flatMap((file) => [file, readFileSync(join(ROOT, file))]),
  )

/** Sizes stand for the content: this is to notice a file that was removed or cut short, not an attack. */
const outputHash = (part) =>
  hashOf(filesOf(part.out).flatMap((file) => [file, String(statSync(join(ROOT, file)).size)]))

const stampOf = (name) => join(ROOT, 'dist', `.${name}.json`)

const isFresh = (name, part) => {
  const stamp = stampOf(name)
  if (!existsSync(stamp) || !existsSync(join(ROOT, part.out, part.entry))) return false
  const { sources, output } = JSON.parse(readFileSync(stamp, 'utf8'))
  return sources === sourcesHash(part) && output === outputHash(part)
}

/** Runs node in the root; resolves to its exit code and everything it printed. */
const runNode = (args) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text) => {
        printed += text
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, printed }))
  })

/**
 * Puts a finished folder in the place of an older one. Two builds may end at the same moment: the one that
 * finds the place taken again moves that result away too.
 */
const swapIn = (fresh, place) => {
  const old = `${fresh}-old`
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(place)) renameSync(place, old)
      renameSync(fresh, place)
      break
    } catch (error) {
      const raced = ['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code) && existsSync(fresh)
      if (!raced || attempt === SWAP_ATTEMPTS) throw error
    }
    rmSync(old, { recursive: true, force: true })
  }
  rmSync(old, { recursive: true, force: true })
}

/**
 * Builds one part next to its place and swaps it in, so that a failure leaves the last good result.
 * @returns {Promise<boolean>} whether there is a result to run
 */
const build = async (name, { stale }) => {
  const part = PARTS[name]
  if (stale && isFresh(name, part)) return true

  const missing = part.needs.filter((need) => !existsSync(join(ROOT, 'node_modules', need, 'package.json')))
  if (missing.length > 0) {
    if (stale && existsSync(join(ROOT, part.out, part.entry))) {
      console.log(
        `build ${name}: the sources have changed but ${missing.join(', ')} is not installed: using ${part.out} as it is`,
      )
      return true
    }
    console.error(
      `build ${name}: ${missing.join(', ')} is not installed: run \`npm ci --include=dev\`, then \`npm run build\``,
    )
    return false
  }

  const began = performance.now()
  // Taken before the build: what changes during it is then seen as changed by the next one.
  const sources = sourcesHash(part)
  const out = `dist/.${name}-${process.pid}`
  try {
    const { code, printed } = await runNode(part.command(out))
    if (code !== 0) {
      console.error(`build ${name}: failed\n${printed.trimEnd()}`)
      return false
    }
    if (!existsSync(join(ROOT, out, part.entry))) {
      console.error(`build ${name}: made no ${part.entry}\n${printed.trimEnd()}`)
      return false
    }
    if (printed.trim() !== '') console.log(printed.trimEnd())
    rmSync(stampOf(name), { force: true })
    swapIn(join(ROOT, out), join(ROOT, part.out))
  } finally {
    rmSync(join(ROOT, out), { recursive: true, force: true })
  }
  writeFileSync(stampOf(name), JSON.stringify({ sources, output: outputHash(part) }))
  console.log(`build ${name}: ${part.out} in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  return true
}

const args = process.argv.slice(2)
const unknown = args.filter((arg) => arg !== '--stale' && !Object.hasOwn(PARTS, arg))
if (unknown.length > 0) {
  console.error(
    `build: no such part or option: ${unknown.join(' ')} (parts: ${Object.keys(PARTS).join(', ')}; option: --stale)`,
  )
  process.exitCode = 1
} else {
  const named = args.filter((arg) => Object.hasOwn(PARTS, arg))
  const names = named.length > 0 ? named : Object.keys(PARTS)
  const built = await Promise.all(names.map((name) => build(name, { stale: args.includes('--stale') })))
  if (built.includes(false)) process.exitCode = 1
}
