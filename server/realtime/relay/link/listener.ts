import type { WebSocket } from 'ws'
import type { Clock, Disposer } from '../../../domain/clock.ts'
import { sameText } from '../../../domain/secrets.ts'
import type { InstanceId, SessionId } from '../../../protocol/ids.ts'
import { CLOSE_WITHIN, LINK_PING_EVERY, LINK_PROOF_WITHIN } from '../../../protocol/limits.ts'
import { Outbox, type Sender } from '../../outbox.ts'
import type { FrameStream, MediaFrame } from '../../wire.ts'
import type { IncomingLink, RelayedCamera } from '../camera.ts'
import type { Relay } from '../relay.ts'
import type { Stills } from '../stills.ts'
import { LINK_CLOSES } from './closes.ts'
import { introduce, proofOf, type Introduction } from './proof.ts'
import { readSaying, sayingText } from './sayings.ts'

/** What the listening ends of links have in common. */
export interface LinkDeps {
  readonly clock: Clock
  /** This one. */
  readonly instance: InstanceId
  readonly key: Buffer
  readonly relay: Relay
  readonly stills: Pick<Stills, 'linked'>
  readonly log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

type Phase =
  | { readonly name: 'new' }
  | { readonly name: 'introduced'; readonly own: Introduction; readonly theirs: Introduction }
  | { readonly name: 'proven'; readonly instance: InstanceId; camera: RelayedCamera | undefined }
  | { readonly name: 'closed' }

/** The opener pings; one that has not for so long is gone without a word. Milliseconds. */
const SILENT_AFTER = 3 * LINK_PING_EVERY

/** A link is for one camera. */
const isOf = (camera: RelayedCamera | undefined, id: SessionId): boolean =>
  camera === undefined || camera.id === id

/**
 * Sends another instance the pictures of one camera, or takes packets of photos from it, once it has proven itself.
 * Before that it learns nothing.
 */
export class LinkListener implements IncomingLink, Sender {
  readonly #deps: LinkDeps
  readonly #socket: WebSocket
  readonly #outbox: Outbox
  #phase: Phase = { name: 'new' }
  #deadline: Disposer

  constructor(socket: WebSocket, stream: FrameStream, deps: LinkDeps) {
    this.#deps = deps
    this.#socket = socket
    this.#outbox = new Outbox(stream, this)
    this.#deadline = deps.clock.after(LINK_PROOF_WITHIN, () => this.#refuse('no proof in time'))
    socket.on('message', (data, isBinary) => this.#received(data as Buffer, isBinary))
    socket.on('ping', () => this.#heard())
    socket.on('error', (error) => deps.log.info({ err: error.message }, 'error of a link for media'))
    socket.on('close', () => this.#ended())
    socket.on('closing', () => this.#outbox.end())
  }

  sendMedia(frame: MediaFrame): 'sent' | 'dropped' {
    return this.#phase.name === 'closed' ? 'dropped' : this.#outbox.addMedia(frame)
  }

  takesMedia(at: number): boolean {
    return this.#phase.name !== 'closed' && this.#outbox.takesMedia(at)
  }

  end(): void {
    this.#close(LINK_CLOSES.absent)
  }

  /** Pictures alone are sent here, which never wait so much. */
  overflowed(): void {
    this.#socket.terminate()
  }

  #received(bytes: Buffer, isBinary: boolean): void {
    const phase = this.#phase
    if (phase.name === 'closed') return
    const { key, instance, log, stills } = this.#deps
    if (isBinary && phase.name === 'proven' && stills.linked(bytes)) return
    const saying = isBinary ? undefined : readSaying(bytes)
    if (phase.name === 'new' && saying?.t === 'introduction') {
      const own = introduce(instance)
      this.#phase = { name: 'introduced', own, theirs: saying }
      this.#socket.send(sayingText({ t: 'introduction', v: 1, ...own }))
    } else if (
      phase.name === 'introduced' &&
      saying?.t === 'proof' &&
      sameText(saying.proof, proofOf(key, 'opener', phase.theirs, phase.own))
    ) {
      this.#phase = { name: 'proven', instance: phase.theirs.instance, camera: undefined }
      this.#socket.send(sayingText({ t: 'proof', proof: proofOf(key, 'listener', phase.theirs, phase.own) }))
      this.#heard()
      log.info({ peer: phase.theirs.instance }, 'another instance has opened a link for media')
    } else if (phase.name === 'proven' && saying?.t === 'wish' && isOf(phase.camera, saying.camera)) {
      const { room, camera, watchers, keyFrame, slow } = saying
      phase.camera = this.#deps.relay.wished(
        { instance: phase.instance, link: this },
        { room, id: camera },
        { watchers, keyFrame, slow },
      )
      if (phase.camera === undefined) this.end()
    } else this.#refuse('it did not prove itself, or said what no instance says')
  }

  #heard(): void {
    if (this.#phase.name !== 'proven') return
    this.#deadline()
    this.#deadline = this.#deps.clock.after(SILENT_AFTER, () => this.#socket.terminate())
  }

  #refuse(why: string): void {
    this.#deps.log.warn({ reason: why }, 'a link for media was refused')
    this.#close(LINK_CLOSES.refused)
  }

  #close(code: number): void {
    if (this.#phase.name === 'closed') return
    this.#socket.close(code)
    this.#ended()
    this.#deps.clock.after(CLOSE_WITHIN, () => this.#socket.terminate())
  }

  #ended(): void {
    const phase = this.#phase
    if (phase.name === 'closed') return
    this.#phase = { name: 'closed' }
    this.#deadline()
    if (phase.name === 'proven') phase.camera?.linkEnded(phase.instance, this)
  }
}
