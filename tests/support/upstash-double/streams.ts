/** Subscriptions as event streams. */
import type { ServerResponse } from 'node:http'
import { seeded, type MessageFaults } from './faults.ts'
import { dialRedis, RespError } from './resp.ts'

export interface Streams {
  /** Answers a request with the messages of a channel until either side ends it. */
  open(channel: string, response: ServerResponse): Promise<void>
  /** Ends all of them: in order as a restarting server does, or by breaking the connection. */
  cut(how: 'end' | 'break'): void
  readonly count: number
}

export function createStreams(port: () => number, faults: () => MessageFaults | undefined): Streams {
  const streams = new Set<ServerResponse>()
  let known: MessageFaults | undefined
  let random = seeded(0)

  /** A late message may find its stream closed. */
  const put = (response: ServerResponse, line: string): void => {
    if (!response.writableEnded && !response.destroyed) response.write(line)
  }
  const deliver = (response: ServerResponse, line: string): void => {
    const now = faults()
    if (now === undefined) {
      put(response, line)
      return
    }
    if (now !== known) random = seeded(now.seed)
    known = now
    const { lose = 0, double = 0, delay } = now
    // Drawn for every message, so that one fault does not change when another one strikes.
    const [lost, doubled] = [random() < lose, random() < double]
    for (let times = lost ? 0 : doubled ? 2 : 1; times > 0; times -= 1) {
      if (delay === undefined) put(response, line)
      else setTimeout(() => put(response, line), delay[0] + random() * (delay[1] - delay[0])).unref()
    }
  }

  return {
    async open(channel, response) {
      const redis = dialRedis(
        port(),
        (value) => {
          if (Array.isArray(value) && value[0] === 'message')
            deliver(response, `data: message,${channel},${String(value[2])}\n\n`)
        },
        () => response.end(),
      )
      response.on('close', () => {
        streams.delete(response)
        redis.close()
      })
      streams.add(response)
      const [reply] = await redis.send([['SUBSCRIBE', channel]])
      if (reply instanceof RespError) throw new Error(reply.text)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
      response.write(`data: subscribe,${channel},1\n\n`)
    },
    cut(how) {
      for (const response of streams) {
        if (how === 'end') response.end()
        else response.destroy()
      }
    },
    get count() {
      return streams.size
    },
  }
}
