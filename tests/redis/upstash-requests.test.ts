import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RedisFailure } from '../../server/redis/failure.ts'
import { Requests } from '../../server/redis/upstash-requests.ts'

interface Taken {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let server: Server
let url: string
let taken: Taken[]
let connections: number
/** What the next requests are answered: body, status, sync token. */
let answers: { body: string; status?: number; token?: string; cut?: boolean }[]
const made: Requests[] = []

beforeEach(async () => {
  taken = []
  answers = []
  connections = 0
  server = createServer((request, response) => {
    void text(request).then((body) => {
      taken.push({ url: request.url, headers: request.headers, body })
      const { body: said, status = 200, token, cut = false } = answers.shift() ?? { body: '{"result":"OK"}' }
      if (token !== undefined) response.setHeader('upstash-sync-token', token)
      if (cut) request.socket.destroy()
      else response.writeHead(status).end(said)
    })
  }).on('connection', () => (connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const requests of made.splice(0)) requests.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const requestsTo = (address: string): Requests => {
  const requests = new Requests({ url: address, token: 'the-token', timeoutMs: 2_000 })
  made.push(requests)
  return requests
}

test('a request holds its body and its credential, and nothing that tells of this program', async () => {
  expect(await requestsTo(`${url}/base`).request({ path: ['pipeline'], body: [['SET', 'k', 'é']] })).toEqual({
    result: 'OK',
  })
  const [{ url: path, headers, body }] = taken as [Taken]
  expect(path).toBe('/base/pipeline')
  expect(JSON.parse(body)).toEqual([['SET', 'k', 'é']])
  expect(headers.authorization).toBe('Bearer the-token')
  expect(Object.keys(headers).sort()).toEqual([
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'upstash-sync-token',
  ])
})

test('each request returns the sync token of the last answer, and an answer without one ends it', async () => {
  const requests = requestsTo(url)
  answers = [
    { body: '{"result":1}', token: 'first' },
    { body: '{"error":"ERR no"}', status: 400, token: 'of a refusal' },
    { body: '{"result":2}' },
    { body: '{"result":3}' },
  ]
  await requests.request({ body: ['PING'] })
  await expect(requests.request({ body: ['PING', 'a', 'b'] })).rejects.toThrow('ERR no')
  await requests.request({ body: ['PING'] })
  await requests.request({ body: ['PING'] })
  expect(taken.map(({ headers }) => headers['upstash-sync-token'])).toEqual(['', 'first', 'first', ''])
})

test('requests that follow each other share connections', async () => {
  const requests = requestsTo(url)
  for (let n = 0; n < 10; n += 1) await requests.request({ body: ['PING'] })
  // One is used again only in the next turn of the event loop, in case the server closes it with its answer.
  expect(connections).toBeLessThanOrEqual(2)
})

test('a request whose connection breaks fails and is not sent again', async () => {
  const requests = requestsTo(url)
  await requests.request({ body: ['PING'] })
  answers = [{ body: '', cut: true }]
  await expect(requests.request({ body: ['INCR', 'k'] })).rejects.toMatchObject({ fault: 'network' })
  expect(taken).toHaveLength(2)
})

test('who answers in no words of the API is not Upstash, and nothing of what it says is told', async () => {
  const requests = requestsTo(url)
  for (const answer of [
    { body: '<html>secret</html>' },
    { body: '<html>secret</html>', status: 502 },
    { body: '{"secret":1}', status: 500 },
    { body: '', status: 302 },
  ]) {
    answers = [answer]
    const [outcome] = await Promise.allSettled([requests.request({ body: ['PING'] })])
    const why: unknown = outcome.status === 'rejected' ? outcome.reason : undefined
    expect(why).toBeInstanceOf(RedisFailure)
    expect(why).toMatchObject({ fault: 'server', message: expect.stringContaining('not one of Upstash') })
    expect(String(why)).not.toContain('secret')
  }
})
