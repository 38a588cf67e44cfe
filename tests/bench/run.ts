/** `npm run bench -- NAME [options]`: runs one measurement of this folder. */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const NOT_MEASUREMENTS = new Set(['run', 'figures'])

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((name) => !NOT_MEASUREMENTS.has(name))

const [name, ...options] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME\nNAME is one of: ${names.join(', ')}\n`)
  process.exit(1)
}
const { measure } = (await import(`./${name}.ts`)) as {
  measure: (options: readonly string[]) => Promise<void>
}
await measure(options)
