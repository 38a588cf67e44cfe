/** The double as a process: `main.ts <port of Redis> <port> <token>`; prints its address and ends with SIGTERM. */
import { createUpstashDouble } from './index.ts'

const [redisPort, port, token] = process.argv.slice(2)
if (redisPort === undefined) throw new Error('The port of Redis is missing')
const double = await createUpstashDouble({
  redis: { port: Number(redisPort) },
  ...(port === undefined ? {} : { port: Number(port) }),
  ...(token === undefined ? {} : { token }),
})
process.stdout.write(`${double.url}\n`)
process.once('SIGTERM', () => void double.close())
