/** The few words of a page without chrome, said while there is no picture. */
import type { ClientState, ClosedReason } from '../../lib/client-types.ts'

/** Why no picture is there, while the page sees to it by itself. */
export function waitingWords(state: ClientState, camera: string | undefined): string {
  switch (state.status) {
    case 'live':
      return camera === undefined ? 'Waiting for a camera' : `Waiting for “${camera}”`
    case 'reconnecting':
      return state.unreachable ? 'The server does not answer' : 'Reconnecting'
    default:
      return 'Connecting'
  }
}

/** Why the page is out of its room. */
export function endedWords(reason: ClosedReason): string {
  switch (reason) {
    case 'kicked':
      return 'A host removed this screen'
    case 'session_invalid':
      return 'This link has ended'
    case 'room_gone':
      return 'The room was deleted'
    case 'connected_elsewhere':
    case 'left':
      return 'Open in another place. It comes back when that is closed.'
    case 'protocol':
    case 'invalid_message':
      return 'The server has changed. The page loads again.'
  }
}
