import { afterEach } from 'vitest'
import { startServer, StartError, type ServerProcess } from '../support/server-process.ts'

const running = new Set<ServerProcess>()
afterEach(async () => {
  const left = [...running]
  running.clear()
  await Promise.all(left.map((server) => server.kill()))
})

/** A server that ends with the test. */
export async function serve(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startServer(env)
  running.add(server)
  return server
}

/** How a start failed that is expected to fail. */
export async function failedStart(env: Readonly<Record<string, string>>): Promise<StartError> {
  const outcome = await serve(env).catch((error: unknown) => error)
  if (outcome instanceof StartError) return outcome
  throw outcome instanceof Error ? outcome : new Error('the server started')
}

/** Lines of JSON among what a server printed. */
export const logLines = (printed: string): { level: number; msg: string }[] =>
  printed
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number; msg: string })
