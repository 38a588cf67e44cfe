/**
 * `npm run check`: everything that can be said about the code without running it. Each step can fail alone;
 * all are run, so that one look shows all there is to mend. Steps named on the command line are run alone.
 */
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { checkBoundaries } from './checks/boundaries.mjs'
import { checkEnvironment } from './checks/environment.mjs'
import { checkPageSize } from './checks/page-size.mjs'
import { runTool } from './checks/run-tool.mjs'

const TSC = 'node_modules/typescript/bin/tsc'

const tool =
  (script, ...args) =>
  async () => {
    const { code, output } = await runTool(script, args)
    return { ok: code === 0, output }
  }

/**
 * `output` is shown where a step failed, `note` where it did not.
 * @typedef {{ ok: boolean, output: string, note?: string }} Outcome
 * @type {Record<string, () => Outcome | Promise<Outcome>>}
 */
const STEPS = {
  'types: server, tests': tool(TSC, '-p', 'tsconfig.json', '--pretty', 'false'),
  'types: browser tests': tool(TSC, '-p', 'tests/browser/tsconfig.json', '--pretty', 'false'),
  'types: pages': tool(TSC, '-p', 'web/tsconfig.json', '--pretty', 'false'),
  lint: tool('node_modules/oxlint/bin/oxlint'),
  'dead code': tool('node_modules/knip/bin/knip.js', '--no-progress'),
  boundaries: checkBoundaries,
  'phone page size': checkPageSize,
  format: tool('node_modules/oxfmt/bin/oxfmt', '--check'),
  environment: checkEnvironment,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(STEPS, name))
if (unknown.length > 0) {
  console.error(`check: no such step: ${unknown.join(', ')} (steps: ${Object.keys(STEPS).join(', ')})`)
  process.exit(1)
}

const waiting = asked.length > 0 ? asked : Object.keys(STEPS)
const width = Math.max(...waiting.map((name) => name.length))
const failed = []

/** Takes steps until none waits; a step that throws has failed with what it threw. */
const work = async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const began = performance.now()
    const { ok, output, note } = await Promise.resolve()
      .then(STEPS[name])
      .catch((error) => ({ ok: false, output: error.stack ?? String(error) }))
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(
      `${name.padEnd(width)}  ${seconds.padStart(5)} s  ${ok ? 'ok' : 'FAILED'}${ok && note ? ` (${note})` : ''}`,
    )
    if (ok) continue
    failed.push(name)
    console.log(output.trim().replaceAll(/^/gm, '    '))
  }
}

await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work))
console.log(failed.length === 0 ? 'check: all ok' : `check: failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
