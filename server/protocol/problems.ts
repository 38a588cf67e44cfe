/** Stable codes of HTTP errors (RFC 9457 problem details), each with its status and title. */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'No valid session' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  pairing_code_invalid: { status: 404, title: 'The pairing code is not valid' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  pairing_code_used: { status: 409, title: 'The pairing code was already used' },
  room_full: { status: 409, title: 'The room is full' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  room_locked: { status: 423, title: 'The room is locked' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Internal error' },
  store_unavailable: { status: 503, title: 'The store is unavailable' },
  draining: { status: 503, title: 'This instance is shutting down' },
} as const

export type ProblemCode = keyof typeof PROBLEMS

/** Codes of a `reply` with `ok: false` and of an `error` message on the socket. */
export const REPLY_CODES = [
  'invalid_message',
  'forbidden',
  'not_found',
  'check_wrong',
  'too_large',
  'rate_limited',
  'store_unavailable',
] as const
export type ReplyCode = (typeof REPLY_CODES)[number]
