/** Whether the server's live connection, and a way out for direct video, are there. Nothing is claimed or signed in. */
import { SUBPROTOCOL } from '../../../server/protocol/limits.ts'
import { ApiError, type Api } from '../../lib/api.ts'
import type { Facts } from './findings.ts'

/** Milliseconds. */
const OPEN_WITHIN = 6_000
const GATHER_WITHIN = 5_000
/** A server that restarts is back by then. Milliseconds. */
const ONCE_MORE_AFTER = 1_500

const opens = (url: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, SUBPROTOCOL)
    const done = (open: boolean) => {
      clearTimeout(timer)
      socket.onopen = socket.onclose = null
      socket.close()
      resolve(open)
    }
    const timer = setTimeout(() => done(false), OPEN_WITHIN)
    socket.onopen = () => done(true)
    socket.onclose = () => done(false)
  })

/** Opens a connection as the camera's will be, and closes it before a word is said. */
export const reachServer = async (page: string): Promise<Facts['server']> => {
  const url = new URL('/ws', page)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (await opens(url)) return 'open'
  await new Promise((resolve) => setTimeout(resolve, ONCE_MORE_AFTER))
  return (await opens(url)) ? 'open' : 'blocked'
}

/** Looks for this device's address as it is seen from outside its network. */
const gather = async (urls: readonly string[]): Promise<Facts['direct']> => {
  const connection = new RTCPeerConnection({ iceServers: [{ urls: [...urls] }] })
  try {
    return await new Promise<Facts['direct']>((resolve, reject) => {
      let refused = 0
      const timer = setTimeout(() => resolve('blocked'), GATHER_WITHIN)
      const done = (found: Facts['direct']) => {
        clearTimeout(timer)
        resolve(found)
      }
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.type === 'srflx') done('open')
        // A device without a translated address has no candidate of that kind, and nothing was refused.
        else if (candidate === null) done(refused > 0 ? 'blocked' : 'open')
      }
      connection.onicecandidateerror = () => {
        refused += 1
      }
      connection.createDataChannel('check')
      connection.setLocalDescription().catch(reject)
    })
  } finally {
    connection.close()
  }
}

/** Asks the servers that are named to everybody; those that want credentials are tried once the phone is paired. */
export const reachOut = async (api: Pick<Api, 'stun'>): Promise<Facts['direct']> => {
  if (typeof RTCPeerConnection === 'undefined') return 'unsupported'
  try {
    const { urls } = await api.stun()
    return urls.length === 0 ? 'near' : await gather(urls)
  } catch (cause) {
    if (!(cause instanceof ApiError)) console.warn('Direct video could not be checked', cause)
    return 'unknown'
  }
}
