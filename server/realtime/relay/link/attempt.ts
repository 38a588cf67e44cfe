import { WebSocket } from 'ws'
import type { Clock, Disposer } from '../../../domain/clock.ts'
import { sameText } from '../../../domain/secrets.ts'
import type { InstanceId } from '../../../protocol/ids.ts'
import {
  LINK_PING_EVERY,
  LINK_PROOF_WITHIN,
  MAX_BINARY_FRAME,
  MEDIA_SUBPROTOCOL,
} from '../../../protocol/limits.ts'
import { LINK_CLOSES } from './closes.ts'
import { privateLookup } from './private-way.ts'
import { introduce, proofOf, type Introduction } from './proof.ts'
import { readSaying, sayingText, type Saying } from './sayings.ts'

/** A camera's picture with what stands before it. Bytes. */
const MOST_FRAME = MAX_BINARY_FRAME + 128

export interface AttemptOptions {
  readonly clock: Clock
  /** This one. */
  readonly instance: InstanceId
  readonly key: Buffer
  /** The instance that is to answer, and where. */
  readonly to: InstanceId
  readonly way: URL
}

/** Hears of one try. Nothing comes after `ended`, nor after `close`. */
export interface AttemptListener {
  proven(): void
  /** A binary frame of the proven other end. */
  received(bytes: Uint8Array): void
  /** `absent`: what it is for is not there; else why it failed. */
  ended(why: 'absent' | { readonly fault: string }): void
}

/** One try to open a link, from its socket's opening to its end: introduces itself, proves, and sees that it lives. */
export class LinkAttempt {
  readonly #options: AttemptOptions
  readonly #listener: AttemptListener
  readonly #socket: WebSocket
  readonly #own: Introduction
  #theirs: Introduction | undefined
  #isProven = false
  #isAlive = true
  #isOver = false
  #timer: Disposer

  constructor(options: AttemptOptions, listener: AttemptListener) {
    this.#options = options
    this.#listener = listener
    const { clock, instance, way } = options
    this.#own = introduce(instance)
    const socket = new WebSocket(way, MEDIA_SUBPROTOCOL, {
      perMessageDeflate: false,
      maxPayload: MOST_FRAME,
      handshakeTimeout: LINK_PROOF_WITHIN,
      lookup: privateLookup,
    })
    this.#socket = socket
    this.#timer = clock.after(LINK_PROOF_WITHIN, () => this.#fail('it does not answer'))
    socket.on('open', () => this.say({ t: 'introduction', v: 1, ...this.#own }))
    socket.on('message', (data, isBinary) => this.#received(data as Buffer, isBinary))
    socket.on('pong', () => (this.#isAlive = true))
    socket.on('error', (error) => this.#fail(error.message))
    socket.on('close', (code) => {
      if (code === LINK_CLOSES.absent) this.#end('absent')
      else this.#fail(code === LINK_CLOSES.refused ? 'it refuses the link' : `closed with ${code}`)
    })
  }

  get isProven(): boolean {
    return this.#isProven
  }

  /** Bytes that wait in the socket. */
  get waiting(): number {
    return this.#socket.bufferedAmount
  }

  say(saying: Saying): void {
    this.#socket.send(sayingText(saying))
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes)
  }

  /** It is not wanted any more. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer()
    const socket = this.#socket
    // One that is still opening says so by an error, which is no news.
    socket.removeAllListeners()
    socket.on('error', () => undefined)
    if (this.#isProven && socket.readyState === WebSocket.OPEN) socket.close(LINK_CLOSES.done)
    else socket.terminate()
  }

  #received(bytes: Buffer, isBinary: boolean): void {
    if (this.#isOver) return
    if (this.#isProven) {
      if (isBinary) this.#listener.received(bytes)
      return
    }
    const saying = isBinary ? undefined : readSaying(bytes)
    const { key, to } = this.#options
    if (saying?.t === 'introduction' && this.#theirs === undefined) {
      if (saying.instance !== to) {
        this.#fail('another instance answers there: INTERNAL_URL must lead to one alone')
        return
      }
      this.#theirs = saying
      this.say({ t: 'proof', proof: proofOf(key, 'opener', this.#own, saying) })
    } else if (
      saying?.t === 'proof' &&
      this.#theirs !== undefined &&
      sameText(saying.proof, proofOf(key, 'listener', this.#own, this.#theirs))
    ) {
      this.#isProven = true
      this.#timer()
      this.#watchOver()
      this.#listener.proven()
    } else this.#fail('it does not prove that it has the same APP_SECRET')
  }

  /** A way that is lost without a word is noticed by what does not come back. */
  #watchOver(): void {
    this.#timer = this.#options.clock.after(LINK_PING_EVERY, () => {
      if (!this.#isAlive) {
        this.#fail('it does not answer any more')
        return
      }
      this.#isAlive = false
      this.#socket.ping()
      this.#watchOver()
    })
  }

  #fail(fault: string): void {
    this.#end({ fault })
  }

  #end(why: 'absent' | { readonly fault: string }): void {
    if (this.#isOver) return
    this.close()
    this.#listener.ended(why)
  }
}
