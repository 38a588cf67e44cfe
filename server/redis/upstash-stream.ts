import http from 'node:http'
import https from 'node:https'
import { createLineReader } from './event-stream.ts'
import { failureOfAnswer, failureOfConnection, RedisFailure, tooLate } from './failure.ts'
import type { Opened } from './keep-open.ts'

export interface SubscriptionOptions {
  /** Address of the REST API, without a slash at its end. */
  readonly url: string
  readonly token: string
  readonly channel: string
  /** How long opening may take. Milliseconds. */
  readonly timeoutMs: number
  /** Aborts an attempt. */
  readonly ended: AbortSignal
  message(text: string): void
}

/** A peer that vanished without a word is noticed after this and some ten probes, one a second. Milliseconds. */
const KEEP_ALIVE_AFTER = 10_000
/** Of an error's body; the rest says nothing more. Bytes. */
const MAX_ERROR = 4_096

/** What the API refused with: its `error`, or only a status. */
function refusal(status: number, body: string): RedisFailure {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    if (typeof error === 'string') return failureOfAnswer(error)
  } catch {
    // A gateway's page, not the API's answer: the status has to do.
  }
  if (status === 401 || status === 403) return failureOfAnswer('NOAUTH')
  return new RedisFailure(`a subscription was answered with status ${status}`, 'server')
}

/**
 * Subscribes to a channel over the REST API. The SDK's own subscriber never comes back once its stream has ended, gives
 * up idle streams after five minutes and lines over 1 MB, and does not encode the channel.
 * @returns the stream once it is live
 * @throws RedisFailure
 */
export function openSubscription(options: SubscriptionOptions): Promise<Opened> {
  const { url, token, channel, timeoutMs, ended, message } = options
  const address = new URL(`${url}/subscribe/${encodeURIComponent(channel)}`)
  const live = `subscribe,${channel},`
  const incoming = `message,${channel},`

  return new Promise((resolve, reject) => {
    let lose: (why: RedisFailure) => void = () => undefined
    const lost = new Promise<RedisFailure>((tell) => (lose = tell))
    const request = (address.protocol === 'https:' ? https : http).request(address, {
      method: 'POST',
      // A connection of its own, that stays for as long as the stream.
      agent: false,
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, 'content-length': 0 },
    })
    const end = () => request.destroy()
    const fail = (why: RedisFailure): void => {
      clearTimeout(late)
      ended.removeEventListener('abort', end)
      reject(why)
      lose(why)
      end()
    }
    const late = setTimeout(() => fail(tooLate(timeoutMs)), timeoutMs)
    ended.addEventListener('abort', end, { once: true })

    const read = createLineReader((data) => {
      if (data.startsWith(incoming)) message(data.slice(incoming.length))
      else if (data.startsWith(live)) {
        clearTimeout(late)
        ended.removeEventListener('abort', end)
        resolve({ lost, end })
      }
    })
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_AFTER))
    request.on('error', (error) => fail(failureOfConnection(error)))
    request.on('response', (response) => {
      response.on('error', (error) => fail(failureOfConnection(error)))
      if (response.statusCode === 200) {
        response.on('data', read)
        // A clean end is a cut like any other: the server went, and its successor takes the next attempt.
        response.on('end', () => fail(new RedisFailure('the stream of messages was ended', 'network')))
        response.on('close', () => fail(new RedisFailure('the stream of messages broke', 'network')))
        return
      }
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        if (body.length < MAX_ERROR) body += text
      })
      response.on('end', () => fail(refusal(response.statusCode ?? 0, body)))
    })
    request.end()
  })
}
