/** Close codes of the socket (RFC 6455, section 7.4; 4000 to 4999 are ours). */
export const CLOSES = {
  left: 1000,
  too_big: 1009,
  draining: 1012,
  overloaded: 1013,
  invalid_message: 4400,
  session_invalid: 4401,
  kicked: 4403,
  room_gone: 4404,
  no_hello: 4408,
  connected_elsewhere: 4409,
  too_many_messages: 4429,
  too_slow: 4430,
} as const

/** Why the server closes a socket. */
export type CloseReason = keyof typeof CLOSES

const FINAL: ReadonlySet<number> = new Set([
  CLOSES.left,
  CLOSES.invalid_message,
  CLOSES.session_invalid,
  CLOSES.kicked,
  CLOSES.room_gone,
  CLOSES.connected_elsewhere,
])

/** Whether a client must not come back by itself after this code. */
export const isFinalClose = (code: number): boolean => FINAL.has(code)
