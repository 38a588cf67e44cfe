import type { RoomId, SessionId } from '../../../protocol/ids.ts'
import type { OutgoingLink, Wish } from '../camera.ts'
import { KeptLink, type KeptLinkOptions } from './kept-link.ts'

export interface OpenerOptions extends KeptLinkOptions {
  readonly camera: { readonly room: RoomId; readonly id: SessionId }
  /** A picture as watchers get it; and whether it can be reached may have changed. */
  readonly listener: { picture(bytes: Uint8Array): void; changed(): void }
}

/** Gets a camera's pictures from the instance that has it. */
export class LinkOpener implements OutgoingLink {
  readonly #camera: OpenerOptions['camera']
  readonly #link: KeptLink
  #wish: Wish | undefined

  constructor({ camera, listener, ...options }: OpenerOptions) {
    this.#camera = camera
    this.#link = new KeptLink(options, {
      what: 'media',
      about: { camera: camera.id },
      proven: () => {
        if (this.#wish !== undefined) this.#wish = { ...this.#wish, keyFrame: true }
        this.#say()
        listener.changed()
      },
      received: (bytes) => listener.picture(bytes),
      failed: () => listener.changed(),
    })
  }

  get unreachable(): string | undefined {
    return this.#link.unreachable
  }

  wish(wish: Wish): void {
    // What was asked before the link is open is asked with its opening.
    const isAsked = this.#link.open === undefined && this.#wish?.keyFrame === true
    this.#wish = isAsked ? { ...wish, keyFrame: true } : wish
    this.#say()
  }

  close(): void {
    this.#link.close()
  }

  #say(): void {
    const wish = this.#wish
    if (wish === undefined || wish.watchers === 0) return
    const { room, id } = this.#camera
    if (this.#link.say({ t: 'wish', room, camera: id, ...wish })) this.#wish = { ...wish, keyFrame: false }
  }
}
