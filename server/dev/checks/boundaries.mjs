/** Imports point down only: the rules of .dependency-cruiser.cjs, and proof that they were applied to something. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runTool } from './run-tool.mjs'

/** Each must have shown up among the modules looked at: a rule over nothing would always hold. */
const EXPECTED = [
  'server/main.ts',
  'server/app.ts',
  'server/config.ts',
  'server/protocol/',
  'server/store/',
  'server/domain/',
  'server/realtime/',
  'server/http/',
  'server/lan/',
  'web/dashboard/',
  'web/phone/',
  'web/lib/',
  'tests/',
]

/** @returns {Promise<{ ok: boolean, output: string, note?: string }>} */
export const checkBoundaries = async () => {
  const { code, output, stdout } = await runTool(
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'server', 'web', 'tests'],
  )
  if (!stdout.startsWith('{'))
    return { ok: false, output: `dependency-cruiser ended with ${code}:\n${output}` }

  const { modules, summary } = JSON.parse(stdout)
  const own = modules
    .map((module) => module.source)
    .filter((source) => /^(server|web|tests)\//.test(source) && existsSync(join(ROOT, source)))
  const unseen = EXPECTED.filter((start) => !own.some((source) => source.startsWith(start)))
  const broken = summary.violations.map(({ rule, from, to, cycle }) => {
    const way = cycle ? cycle.map(({ name }) => name).join(' -> ') : to
    const { comment } = summary.ruleSetUsed.forbidden.find(({ name }) => name === rule.name) ?? {}
    return `${rule.name}: ${from} -> ${way}${comment ? `\n    ${comment}` : ''}`
  })
  const faults = [...broken, ...unseen.map((start) => `no module of ${start} was looked at`)]
  const note = `${own.length} modules, ${summary.totalDependenciesCruised} imports`
  return { ok: faults.length === 0, output: faults.join('\n'), note }
}
