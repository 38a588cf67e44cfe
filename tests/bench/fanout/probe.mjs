/**
 * Loaded into each measured process (`node --import`): tells what the process has used. Plain JavaScript, like
 * the servers beside it, because a loader for TypeScript would be measured as well.
 */
import { createServer } from 'node:net'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

const asked = createServer((socket) => {
  socket.unref()
  socket.setEncoding('utf8')
  socket.on('data', (text) => {
    if (text.startsWith('collect')) {
      // What the first round finalises only the second one frees.
      gc()
      gc()
    }
    const { user, system } = process.cpuUsage()
    socket.write(`${JSON.stringify({ cpu: user + system, rss: process.memoryUsage.rss() })}\n`)
  })
  socket.on('error', () => socket.destroy())
})
asked.listen(process.env.BENCH_PROBE)
asked.unref()
