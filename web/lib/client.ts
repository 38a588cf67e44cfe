/**
 * One session's live connection (docs/SPEC.md, section 4): connects, resumes, keeps the room's model.
 *
 * ```ts
 * const client = createClient({ url, token, nextAttempt, askSession: () => api.session(token) })
 * client.on('message', ({ from, data }) => …)
 * client.connect()
 * ```
 * Needs WebSocket and timers; where there is a document it also comes back when the page is shown again.
 */
import { computed, signal } from '@preact/signals'
import { CLOSES, isFinalClose } from '../../server/protocol/closes.ts'
import type { CommandRef, CursorText } from '../../server/protocol/ids.ts'
import {
  CLIENT_PING_EVERY,
  CLIENT_PONG_WITHIN,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
} from '../../server/protocol/limits.ts'
import type {
  ClientMessage,
  ServerMessage,
  ServerMessageOf,
  ServerMessageType,
} from '../../server/protocol/messages.ts'
import type { MemberState } from '../../server/protocol/models.ts'
import { ApiError } from './api.ts'
import { createReconnectWaits } from './backoff.ts'
import { createServerClock } from './clock.ts'
import type { Client, ClientOptions, ClientState, ClosedReason, SocketLike } from './client-types.ts'
import { createOutbox, RequestError, type Outgoing } from './outbox.ts'
import { createOwnState } from './own-state.ts'
import { onWake } from './page-events.ts'
import { createRoomModel } from './room-model.ts'

export type { Client, ClientOptions, ClosedReason, SocketLike } from './client-types.ts'

/** Requests are given up after this many milliseconds. */
const REPLY_WITHIN = 10_000
/** Signals keep trying over a reconnect, but an old one is of no use to anyone. */
const SIGNAL_WITHIN = 30_000
const WELCOME_WITHIN = 8_000
/** A connection that lived so long starts its backoff anew. */
const STEADY_AFTER = 5_000
/** A timer that fires so late was asleep with its page, and says nothing about the server. */
const ASLEEP_AFTER = 2_000

export const createClient = (options: ClientOptions): Client => {
  const { url, token, nextAttempt, askSession, random = Math.random } = options
  const createSocket = options.createSocket ?? ((address, protocol) => new WebSocket(address, protocol))
  const state = signal<ClientState>({ status: 'idle' })
  const model = createRoomModel()
  const active = computed(() => state.value.status === 'live' && model.self.value?.status === 'active')
  const backoff = createReconnectWaits(random)
  const clock = createServerClock()
  const listeners = new Map<ServerMessageType, Set<(message: ServerMessage) => void>>()
  const binaryListeners = new Set<(bytes: Uint8Array) => void>()

  let socket: SocketLike | undefined
  let opened = false
  let cursor: CursorText | undefined
  let since = Date.now()
  let liveAt = 0
  let goingAway: number | undefined
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let deadline: ReturnType<typeof setTimeout> | undefined
  let pingTimer: ReturnType<typeof setTimeout> | undefined
  let pongTimer: ReturnType<typeof setTimeout> | undefined
  let pings = 0

  const write = (message: ClientMessage) => socket?.send(JSON.stringify(message))
  const outbox = createOutbox((text) => socket?.send(text))
  const request = (message: Outgoing) => outbox.send(message, { again: false, timeoutMs: REPLY_WITHIN })
  const ownState = createOwnState({
    async send(patch) {
      try {
        await request({ type: 'state', state: patch })
        return true
      } catch (cause) {
        if (cause instanceof RequestError && cause.code !== 'too_large' && cause.code !== 'invalid_message')
          return false
        throw cause
      }
    },
    changed: model.ownState,
  })

  const stopTimers = () => {
    for (const timer of [retryTimer, deadline, pingTimer, pongTimer]) clearTimeout(timer)
    retryTimer = deadline = pingTimer = pongTimer = undefined
  }
  /** Lets go of the socket without waiting for its close event, which a dead network delays by minutes. */
  const letGo = () => {
    stopTimers()
    const old = socket
    socket = undefined
    if (old) {
      old.onopen = old.onmessage = old.onclose = null
      old.close()
    }
    outbox.dropped()
    ownState.dropped()
  }
  const finish = (reason: ClosedReason) => {
    letGo()
    outbox.close()
    state.value = { status: 'closed', reason }
  }
  const retry = (inMs: number, unreachable: boolean) => {
    state.value = { status: 'reconnecting', inMs, since, unreachable }
    retryTimer = setTimeout(open, inMs)
  }
  const dropped = (code: number) => {
    const told = goingAway
    if (state.peek().status === 'live') since = Date.now()
    if (liveAt > 0 && Date.now() - liveAt >= STEADY_AFTER) backoff.reset()
    liveAt = 0
    letGo()
    if (isFinalClose(code)) finish(finalReason(code))
    else if (told !== undefined) retry(told, false)
    else if (opened) retry(backoff.next(), false)
    else void askWhy()
  }
  /** A refused upgrade looks like any lost connection, so the session itself is asked for. */
  const askWhy = async () => {
    const before = state.peek()
    const unreachable = before.status === 'reconnecting' && before.unreachable
    const asked: ClientState = { status: 'reconnecting', inMs: 0, since, unreachable }
    state.value = asked
    let failure: unknown
    try {
      await askSession()
    } catch (cause) {
      failure = cause
    }
    // Something else happened meanwhile: a wake, a leave, the end.
    if (state.peek() !== asked || socket) return
    if (!(failure instanceof ApiError)) {
      if (failure !== undefined) console.error('Asking for the session failed', failure)
      retry(backoff.next(), false)
    } else if (failure.status === 401) finish('session_invalid')
    else retry(Math.max(backoff.next(), failure.retryAfterMs ?? 0), failure.code === 'unreachable')
  }

  const open = () => {
    stopTimers()
    opened = false
    goingAway = undefined
    const before = state.peek()
    if (before.status === 'reconnecting') state.value = { ...before, inMs: 0 }
    const mine = createSocket(url, SUBPROTOCOL)
    mine.binaryType = 'arraybuffer'
    socket = mine
    deadline = setTimeout(() => dropped(1006), WELCOME_WITHIN)
    mine.onopen = () => {
      opened = true
      const attempt = nextAttempt()
      write({
        type: 'hello',
        token,
        ...(attempt === undefined ? {} : { attempt }),
        ...(cursor === undefined ? {} : { resume: cursor }),
      })
    }
    mine.onmessage = (event: MessageEvent) => {
      if (socket !== mine) return
      if (typeof event.data === 'string') receive(JSON.parse(event.data) as ServerMessage)
      else if (event.data instanceof ArrayBuffer) {
        const bytes = new Uint8Array(event.data)
        for (const listener of [...binaryListeners]) listener(bytes)
      }
    }
    mine.onclose = (event: CloseEvent) => {
      if (socket === mine) dropped(event.code)
    }
  }

  const ping = (withinMs: number = CLIENT_PONG_WITHIN) => {
    if (state.peek().status !== 'live') return
    clearTimeout(pingTimer)
    pingTimer = setTimeout(ping, CLIENT_PING_EVERY)
    if (pongTimer !== undefined) return
    pings += 1
    clock.asked()
    write({ type: 'ping', t: pings })
    const due = Date.now() + withinMs
    pongTimer = setTimeout(() => {
      pongTimer = undefined
      if (Date.now() - due > ASLEEP_AFTER) ping()
      else dropped(1006)
    }, withinMs)
  }
  const wake = () => {
    if (state.peek().status === 'live') ping()
    else if (retryTimer !== undefined) open()
  }

  const welcome = (message: ServerMessageOf<'welcome'>) => {
    clearTimeout(deadline)
    deadline = undefined
    liveAt = Date.now()
    state.value = { status: 'live', resumed: message.resumed }
    pingTimer = setTimeout(ping, CLIENT_PING_EVERY)
  }
  /** `known` as the message tells it: in the model the page's own wishes may already stand over it. */
  const activate = (known: MemberState) => {
    if (model.self.peek()?.status !== 'active') return
    ownState.opened(known)
    outbox.opened()
  }
  const receive = (message: ServerMessage) => {
    if (message.type === 'welcome' && message.protocol !== PROTOCOL_VERSION) {
      finish('protocol')
      return
    }
    if ('at' in message && typeof message.at === 'string') cursor = message.at
    model.apply(message)
    switch (message.type) {
      case 'welcome':
        welcome(message)
        activate(message.self.state)
        break
      case 'approved':
        activate(message.members.find(({ id }) => id === message.session.id)?.state ?? {})
        break
      case 'reply':
        outbox.reply(message)
        break
      case 'pong':
        clearTimeout(pongTimer)
        pongTimer = undefined
        clock.answered(message.now)
        break
      case 'going-away':
        goingAway = message.reconnectInMs
        break
      default:
        break
    }
    for (const listener of [...(listeners.get(message.type) ?? [])]) listener(message)
  }

  const stopWaking = (options.onWake ?? onWake)(wake)

  return {
    ...model,
    state,
    active,
    cursor: () => cursor,
    connect() {
      if (socket || retryTimer !== undefined) return
      outbox.reopen()
      since = Date.now()
      backoff.reset()
      state.value = { status: 'connecting' }
      open()
    },
    on(type, listener) {
      type Message = Parameters<typeof listener>[0]
      const wrapped = (message: ServerMessage) => listener(message as Message)
      const set = listeners.get(type) ?? new Set()
      listeners.set(type, set.add(wrapped))
      return () => void set.delete(wrapped)
    },
    onBinary(listener) {
      binaryListeners.add(listener)
      return () => void binaryListeners.delete(listener)
    },
    sendBinary(bytes) {
      if (!active.peek()) return false
      socket?.send(bytes)
      return true
    },
    unsent: () => socket?.bufferedAmount ?? 0,
    serverNow: clock.now,
    roundTrip: clock.roundTrip,
    askClock: ping,
    watch: (camera, on) => request({ type: 'watch', camera, on }),
    keyFrame: (camera) => request({ type: 'key-frame', camera }),
    setState: ownState.set,
    async signal(to, data) {
      try {
        await outbox.send({ type: 'signal', to, data }, { again: true, timeoutMs: SIGNAL_WITHIN })
        return true
      } catch (cause) {
        if (!(cause instanceof RequestError)) throw cause
        return false
      }
    },
    message: (data, to) =>
      request(to === undefined ? { type: 'message', data } : { type: 'message', to, data }),
    async command(to, name, args) {
      const { data } = await request({ type: 'command', to, name, ...(args === undefined ? {} : { args }) })
      return (data as { ref: CommandRef }).ref
    },
    result: (to, ref, outcome) => request({ type: 'result', to, ref, ...outcome }),
    approve: (pairing, check) => request({ type: 'approve', pairing, check }),
    deny: (pairing) => request({ type: 'deny', pairing }),
    leave() {
      if (state.peek().status === 'live') write({ type: 'leave' })
      cursor = undefined
      finish('left')
    },
    dispose() {
      stopWaking()
      finish('left')
      listeners.clear()
      binaryListeners.clear()
      ownState.dispose()
    },
  }
}

const finalReason = (code: number): ClosedReason => {
  switch (code) {
    case CLOSES.session_invalid:
      return 'session_invalid'
    case CLOSES.kicked:
      return 'kicked'
    case CLOSES.room_gone:
      return 'room_gone'
    case CLOSES.connected_elsewhere:
      return 'connected_elsewhere'
    case CLOSES.left:
      return 'left'
    default:
      return 'invalid_message'
  }
}
