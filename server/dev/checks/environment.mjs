/** Only server/config.ts reads the environment: every setting is then validated, documented and handed down. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { ROOT } from './run-tool.mjs'

const READER = 'server/config.ts'
/** `process.env`, `process['env']`, `const { env } = process`, `import { env } from 'node:process'`. */
const READS = [
  /\bprocess\s*(\?\.|\.)\s*env\b/,
  /\bprocess\s*(\?\.)?\s*\[\s*['"`]env/,
  /\{[^}]*\benv\b[^}]*\}\s*=\s*(globalThis\s*\.\s*)?process\b/,
  /import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*['"](node:)?process['"]/,
]
const withoutComments = (text) => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

/** @returns {{ ok: boolean, output: string, note?: string }} */
export const checkEnvironment = () => {
  const files = readdirSync(join(ROOT, 'server'), { recursive: true })
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .map((file) => `server/${file.replaceAll(sep, '/')}`)
  const readers = files.filter((file) => {
    const text = withoutComments(readFileSync(join(ROOT, file), 'utf8'))
    return READS.some((pattern) => pattern.test(text))
  })
  const faults = readers
    .filter((file) => file !== READER)
    .map((file) => `${file} reads the environment: take it from Config`)
  // The one that must be found shows that the search works.
  if (!readers.includes(READER))
    faults.push(`${READER} was not seen to read the environment: this check looks for the wrong thing`)
  return { ok: faults.length === 0, output: faults.join('\n'), note: `${files.length} files` }
}
