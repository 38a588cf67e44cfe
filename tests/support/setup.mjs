/**
 * `npm run test:setup` installs what the tests need from the system; with `--verify` it only looks, and
 * fails with one sentence where something is missing. The list is tools.ts, which the tests use as well.
 */
import { spawnSync } from 'node:child_process'
import process from 'node:process'

const fail = (sentence) => {
  console.error(sentence)
  process.exit(1)
}

const { tsImport } = await import('tsx/esm/api').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  fail('The packages of the project are not installed: run `npm ci --include=dev`.')
})
const { TOOLS, findTool, missing, missingTools } = await tsImport('./tools.ts', import.meta.url)

const run = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** The words in front of `apt-get` that give it the rights it needs; undefined where there is no way. */
const privilege = () => {
  if (!succeeds('apt-get', ['--version'])) return undefined
  if (process.getuid?.() === 0) return []
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined
}

const install = (names) => {
  const packages = [...new Set(names.flatMap((name) => TOOLS[name].packages))]
  const prefix = privilege()
  if (!prefix) {
    fail(
      `Missing: ${names.join(', ')}. This needs root: run \`sudo apt-get update && sudo apt-get install ` +
        `--no-install-recommends ${packages.join(' ')}\`, or install them your system's way.`,
    )
  }
  // `env`, because sudo passes no variables on.
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
    return run(command, rest).status === 0
  }
  console.log(`Installing ${packages.join(', ')}`)
  // A mirror that does not answer is no reason to give up: the lists at hand may be enough.
  if (!apt('update', '-q')) console.error('apt-get update failed; trying with the lists that are there')
  if (!apt('install', '-y', '-q', '--no-install-recommends', ...packages)) {
    fail(`apt-get could not install ${packages.join(', ')}: its message stands above.`)
  }
}

const absent = missingTools()
if (process.argv.includes('--verify')) {
  if (absent.length > 0) fail(missing(absent))
} else if (absent.length === 0) {
  console.log(
    `Nothing to do: ${Object.keys(TOOLS)
      .map((name) => findTool(name))
      .join(', ')}`,
  )
} else {
  const misnamed = absent.filter((name) => process.env[TOOLS[name].variable])
  if (misnamed.length > 0) fail(missing(misnamed).replace(/: run.*/, ': mend or unset the variable.'))
  install(absent)
  const still = missingTools()
  if (still.length > 0) fail(`Installed, but still not found: ${still.join(', ')}.`)
  console.log('Installed.')
}
