/** How much the phone page loads before the camera can start, against the limit in .size-limit.mjs. */
import { runTool } from './run-tool.mjs'

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`

/** @returns {Promise<{ ok: boolean, output: string, note?: string }>} */
export const checkPageSize = async () => {
  const built = await runTool('server/dev/build.mjs', ['web', '--stale'])
  if (built.code !== 0) return { ok: false, output: built.output }
  const { code, output, stdout } = await runTool('node_modules/size-limit/bin.js', ['--json'])
  if (!stdout.trimStart().startsWith('[')) return { ok: false, output }
  const [{ name, passed, size, sizeLimit }] = JSON.parse(stdout)
  const note = `${kilobytes(size)} gzipped of ${kilobytes(sizeLimit)}`
  return { ok: code === 0 && passed, output: `${name}: ${note}`, note }
}
