import { WebSocket } from 'ws'
import type { Clock, Disposer } from '../../../domain/clock.ts'
import { sameText } from '../../../domain/secrets.ts'
import type { InstanceId, RoomId, SessionId } from '../../../protocol/ids.ts'
import {
  LINK_PING_EVERY,
  LINK_PROOF_WITHIN,
  LINK_RETRY_FIRST,
  LINK_RETRY_MOST,
  MAX_BINARY_FRAME,
  MEDIA_SUBPROTOCOL,
} from '../../../protocol/limits.ts'
import type { OutgoingLink, Wish } from '../camera.ts'
import { LINK_CLOSES } from './closes.ts'
import { privateLookup, wayTo } from './private-way.ts'
import { introduce, proofOf, type Introduction } from './proof.ts'
import { readSaying, sayingText } from './sayings.ts'

/** Where the link's other end listens. */
export const MEDIA_PATH = '/internal/media'

/** A camera's picture with what stands before it. Bytes. */
const MOST_FRAME = MAX_BINARY_FRAME + 128
/** From so many failures in a row on the camera counts as not to be reached. */
const UNREACHABLE_AFTER = 2

export interface OpenerOptions {
  readonly clock: Clock
  /** This one. */
  readonly instance: InstanceId
  readonly key: Buffer
  /** The instance that has the camera, and its INTERNAL_URL. */
  readonly to: { readonly instance: InstanceId; readonly url: string }
  readonly camera: { readonly room: RoomId; readonly id: SessionId }
  /** A picture as watchers get it; and whether it can be reached may have changed. */
  readonly listener: { picture(bytes: Uint8Array): void; changed(): void }
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

/** One try, from the opening of a socket to its end. */
interface Attempt {
  readonly socket: WebSocket
  readonly own: Introduction
  theirs: Introduction | undefined
  isProven: boolean
  isAlive: boolean
  timer: Disposer
}

/** Gets a camera's pictures from the instance that has it, and gets them again after faults until it is closed. */
export class LinkOpener implements OutgoingLink {
  readonly #options: OpenerOptions
  #wish: Wish | undefined
  #attempt: Attempt | undefined
  #retry: Disposer | undefined
  #failures = 0
  #why: string | undefined
  #isClosed = false

  constructor(options: OpenerOptions) {
    this.#options = options
    this.#open()
  }

  get unreachable(): string | undefined {
    return this.#failures >= UNREACHABLE_AFTER ? this.#why : undefined
  }

  wish(wish: Wish): void {
    // What was asked before the link is open is asked with its opening.
    const isAsked = this.#attempt?.isProven !== true && this.#wish?.keyFrame === true
    this.#wish = isAsked ? { ...wish, keyFrame: true } : wish
    this.#say()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#retry?.()
    this.#drop(this.#attempt)
  }

  #open(): void {
    const { clock, instance, to } = this.#options
    const way = wayTo(to.url, MEDIA_PATH)
    if (typeof way === 'string') {
      this.#failed(way)
      return
    }
    const socket = new WebSocket(way, MEDIA_SUBPROTOCOL, {
      perMessageDeflate: false,
      maxPayload: MOST_FRAME,
      handshakeTimeout: LINK_PROOF_WITHIN,
      lookup: privateLookup,
    })
    const attempt: Attempt = {
      socket,
      own: introduce(instance),
      theirs: undefined,
      isProven: false,
      isAlive: true,
      timer: clock.after(LINK_PROOF_WITHIN, () => this.#end(attempt, 'it does not answer')),
    }
    this.#attempt = attempt
    socket.on('open', () => socket.send(sayingText({ t: 'introduction', v: 1, ...attempt.own })))
    socket.on('message', (data, isBinary) => this.#received(attempt, data as Buffer, isBinary))
    socket.on('pong', () => (attempt.isAlive = true))
    socket.on('error', (error) => this.#end(attempt, error.message))
    socket.on('close', (code) => {
      if (code === LINK_CLOSES.absent) this.#absent(attempt)
      else this.#end(attempt, code === LINK_CLOSES.refused ? 'it refuses the link' : `closed with ${code}`)
    })
  }

  #received(attempt: Attempt, bytes: Buffer, isBinary: boolean): void {
    if (attempt !== this.#attempt) return
    if (attempt.isProven) {
      if (isBinary) this.#options.listener.picture(bytes)
      return
    }
    const saying = isBinary ? undefined : readSaying(bytes)
    const { key, to } = this.#options
    if (saying?.t === 'introduction' && attempt.theirs === undefined) {
      if (saying.instance !== to.instance) {
        this.#end(attempt, 'another instance answers there: INTERNAL_URL must lead to one alone')
        return
      }
      attempt.theirs = saying
      attempt.socket.send(sayingText({ t: 'proof', proof: proofOf(key, 'opener', attempt.own, saying) }))
    } else if (
      saying?.t === 'proof' &&
      attempt.theirs !== undefined &&
      sameText(saying.proof, proofOf(key, 'listener', attempt.own, attempt.theirs))
    ) {
      this.#proven(attempt)
    } else this.#end(attempt, 'it does not prove that it has the same APP_SECRET')
  }

  #proven(attempt: Attempt): void {
    attempt.isProven = true
    this.#failures = 0
    attempt.timer()
    this.#watchOver(attempt)
    if (this.#wish !== undefined) this.#wish = { ...this.#wish, keyFrame: true }
    this.#say()
    this.#options.listener.changed()
  }

  /** A way that is lost without a word is noticed by what does not come back. */
  #watchOver(attempt: Attempt): void {
    attempt.timer = this.#options.clock.after(LINK_PING_EVERY, () => {
      if (!attempt.isAlive) {
        this.#end(attempt, 'it does not answer any more')
        return
      }
      attempt.isAlive = false
      attempt.socket.ping()
      this.#watchOver(attempt)
    })
  }

  #say(): void {
    const { room, id } = this.#options.camera
    const attempt = this.#attempt
    if (attempt?.isProven !== true || this.#wish === undefined || this.#wish.watchers === 0) return
    attempt.socket.send(sayingText({ t: 'wish', room, camera: id, ...this.#wish }))
    this.#wish = { ...this.#wish, keyFrame: false }
  }

  /** It has moved, or is not there yet: that is no fault of the way, and where it is others tell. */
  #absent(attempt: Attempt): void {
    if (attempt !== this.#attempt) return
    this.#drop(attempt)
    this.#again(LINK_RETRY_MOST / 2)
  }

  #end(attempt: Attempt, why: string): void {
    if (attempt !== this.#attempt || this.#isClosed) return
    this.#drop(attempt)
    this.#failed(why)
  }

  #failed(why: string): void {
    const { log, camera, to, listener } = this.#options
    this.#failures += 1
    this.#why = why
    // Each further try fails alike until something changes.
    if (this.#failures <= UNREACHABLE_AFTER)
      log.warn({ camera: camera.id, to: to.url, peer: to.instance, reason: why }, 'no link for media')
    this.#again(Math.min(LINK_RETRY_MOST, LINK_RETRY_FIRST * 2 ** (this.#failures - 1)))
    listener.changed()
  }

  #again(ms: number): void {
    this.#retry = this.#options.clock.after(ms, () => this.#open())
  }

  #drop(attempt: Attempt | undefined): void {
    if (attempt === undefined) return
    this.#attempt = undefined
    attempt.timer()
    // One that is still opening says so by an error, which is no news.
    attempt.socket.removeAllListeners()
    attempt.socket.on('error', () => undefined)
    if (attempt.isProven && attempt.socket.readyState === WebSocket.OPEN)
      attempt.socket.close(LINK_CLOSES.done)
    else attempt.socket.terminate()
  }
}
