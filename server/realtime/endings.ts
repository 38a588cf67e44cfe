import type { CloseReason } from '../protocol/closes.ts'
import type { LeaveReason } from '../protocol/messages.ts'

/** Why a session ended, with the close code its socket gets. */
export const ENDINGS = {
  kicked: 'kicked',
  revoked: 'session_invalid',
  left: 'session_invalid',
  denied: 'kicked',
} as const satisfies Record<string, CloseReason>
export type Ending = keyof typeof ENDINGS

export const LEAVE_REASONS: Record<Ending, LeaveReason> = {
  kicked: 'kicked',
  revoked: 'revoked',
  left: 'left',
  denied: 'revoked',
}
