import { ApiError } from '../api.ts'
import { RequestError } from '../outbox.ts'

/** A failure in words a person can act on. */
export interface Failure {
  title: string
  advice: string
  /** The server asked to be left alone for so long; milliseconds. */
  retryAfterMs?: number
}

const inAWhile = (ms: number | undefined) => {
  if (ms === undefined) return 'in a moment'
  const seconds = Math.ceil(ms / 1_000)
  return seconds < 90 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} min`
}

function words(error: ApiError): { title: string; advice: string } {
  switch (error.code) {
    case 'unreachable':
      return {
        title: 'The server does not answer',
        advice: 'Check that it runs and that this computer is online.',
      }
    case 'rate_limited':
      return { title: 'Too many tries', advice: `It works again ${inAWhile(error.retryAfterMs)}.` }
    case 'store_unavailable':
      return { title: 'The server cannot reach its store', advice: 'It tries again by itself.' }
    case 'draining':
      return { title: 'The server restarts', advice: 'It is back in a moment.' }
    case 'unauthorized':
      return { title: 'This session has ended', advice: 'Start a new room to go on.' }
    case 'forbidden':
      return { title: 'Not allowed', advice: 'Only a host can do this.' }
    case 'pairing_code_invalid':
      return {
        title: 'This invitation does not work any more',
        advice: 'Ask for a new one: each lasts two minutes.',
      }
    case 'pairing_code_used':
      return { title: 'This invitation was already used', advice: 'Ask for a new one: each works once.' }
    case 'room_full':
      return { title: 'The room is full', advice: 'Somebody has to leave first.' }
    case 'room_locked':
      return { title: 'The room is locked', advice: 'Ask its host to unlock it.' }
    default:
      return { title: 'That did not work', advice: error.detail }
  }
}

/** Says why a call or a request failed. What is no such failure is a fault of ours, and is logged too. */
export function explain(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { retryAfterMs } = error
    return { ...words(error), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  if (error instanceof RequestError) {
    return error.code === 'not_found'
      ? { title: 'Too late', advice: 'It is no longer there.' }
      : { title: 'That did not reach the server', advice: 'Try again when the connection is back.' }
  }
  console.error('Unexpected failure', error)
  return { title: 'That did not work', advice: 'Reload the page and try again.' }
}
