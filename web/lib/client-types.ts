/** What a client is to its users; client.ts makes one. */
import type { ReadonlySignal } from '@preact/signals'
import type { CloseReason } from '../../server/protocol/closes.ts'
import type { CodeId, CommandRef, CursorText, SessionId } from '../../server/protocol/ids.ts'
import type { ServerMessageOf, ServerMessageType } from '../../server/protocol/messages.ts'
import type { MemberState } from '../../server/protocol/models.ts'
import type { Disposer } from './disposer.ts'
import type { Accepted } from './outbox.ts'
import type { RoomModel } from './room-model.ts'

/** Why a connection is over for good. `protocol`: the server speaks another version. */
export type ClosedReason =
  | Extract<
      CloseReason,
      'left' | 'invalid_message' | 'session_invalid' | 'kicked' | 'room_gone' | 'connected_elsewhere'
    >
  | 'protocol'

export type ClientState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting' }
  | { readonly status: 'live'; readonly resumed: boolean }
  | {
      readonly status: 'reconnecting'
      /** Until the next try; 0 while trying. */
      readonly inMs: number
      /** When the connection was last alive, as `Date.now()`. */
      readonly since: number
      /** No answer came over HTTP either: the server or the network is away. */
      readonly unreachable: boolean
    }
  | { readonly status: 'closed'; readonly reason: ClosedReason }

/** The part of the browser's WebSocket that is used. */
export interface SocketLike {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  binaryType: BinaryType
  /** Bytes handed in that are not on their way yet. */
  readonly bufferedAmount: number
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number): void
}

export interface ClientOptions {
  /** `wss://host/ws` */
  readonly url: string
  readonly token: string
  /**
   * The client's own count of its connects with this session, kept with the token (seat.ts). Undefined does not
   * count: such a connect is the latest when it arrives.
   */
  readonly nextAttempt: () => number | undefined
  /** `GET /api/session`: asked why an upgrade was refused. Rejects with `ApiError`. */
  readonly askSession: () => Promise<unknown>
  readonly createSocket?: (url: string, protocol: string) => SocketLike
  readonly onWake?: (wake: () => void) => Disposer
  readonly random?: () => number
}

export interface Client extends RoomModel {
  readonly state: ReadonlySignal<ClientState>
  /** Live, and not waiting for a host's approval: messages go out. */
  readonly active: ReadonlySignal<boolean>
  /** Last `at` seen. */
  cursor(): CursorText | undefined
  connect(): void
  on<T extends ServerMessageType>(type: T, listener: (message: ServerMessageOf<T>) => void): Disposer
  /** Binary frames as they come: relayed pictures, and packets of photos (server/protocol/*frames.ts). */
  onBinary(listener: (bytes: Uint8Array) => void): Disposer
  /** Sends one binary frame. False where the connection is not there; nothing waits for it. */
  sendBinary(bytes: Uint8Array<ArrayBuffer>): boolean
  /** Bytes that wait in the socket. */
  unsent(): number
  /** The server's clock, in milliseconds of Unix time, as far as it is known. */
  serverNow(): number
  /** Milliseconds to the server and back, as of the last heartbeat; undefined before the first. */
  roundTrip(): number | undefined
  /**
   * Has the clock looked at now instead of with the next heartbeat. Without an answer within so many milliseconds the
   * connection is given up for a new one; 5 s unless said.
   */
  askClock(withinMs?: number): void
  /** Asks for this camera's relayed picture, or for no more of it; ends with the connection. */
  watch(camera: SessionId, on: boolean): Promise<Accepted>
  /** Asks a relayed camera for a picture that decoding can begin with. */
  keyFrame(camera: SessionId): Promise<Accepted>
  /**
   * Merges into the own member's state; sent again after a reconnect where the server lost it. `now`: sent before
   * this returns, where there is a connection (own-state.ts).
   */
  setState(patch: MemberState, when?: 'now'): void
  /**
   * WebRTC signalling. While the connection is down it waits (30 s, 256 messages at most) and goes out after the
   * next welcome; one without a reply is sent again, so `data` must bear doubles. Resolves false if it was not taken.
   */
  signal(to: SessionId, data: unknown): Promise<boolean>
  message(data: unknown, to?: SessionId): Promise<Accepted>
  /** The reply's `ref`, which the camera's `result` will carry. */
  command(to: SessionId, name: string, args?: unknown): Promise<CommandRef>
  result(
    to: SessionId,
    ref: CommandRef,
    outcome: { ok: boolean; data?: unknown; error?: unknown },
  ): Promise<Accepted>
  approve(pairing: CodeId, check: string): Promise<Accepted>
  deny(pairing: CodeId): Promise<Accepted>
  /** Gives up the seat at once; the session stays valid, and `connect` takes it again. */
  leave(): void
  dispose(): void
}
