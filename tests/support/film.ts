import { encodePicture, readRelayed, wrapPicture, type PictureHeader } from '../../server/protocol/frames.ts'
import type { SessionId } from '../../server/protocol/ids.ts'

export interface FilmOptions {
  readonly stream?: number
  readonly codec?: string
  /** Bytes of a key picture and of the others. */
  readonly keyBytes?: number
  readonly deltaBytes?: number
}

/** What a camera's encoder makes: pictures in order, with contents that tell them apart. */
export class Film {
  readonly #options: Required<FilmOptions>
  #number = 0

  constructor(options: FilmOptions = {}) {
    this.#options = { stream: 1, codec: 'vp8', keyBytes: 600, deltaBytes: 80, ...options }
  }

  /** The next picture's frame. */
  shoot(isKey: boolean): Buffer {
    const { stream, codec, keyBytes, deltaBytes } = this.#options
    const header: PictureHeader = {
      isKey,
      rotation: 0,
      number: this.#number,
      stream,
      takenAt: Date.now(),
      width: 1280,
      height: 720,
      codec,
    }
    const payload = Buffer.alloc(isKey ? keyBytes : deltaBytes, this.#number)
    this.#number += 1
    return Buffer.from(encodePicture(header, payload))
  }

  key(): Buffer {
    return this.shoot(true)
  }

  delta(): Buffer {
    return this.shoot(false)
  }

  /** A key picture and so many behind it. */
  group(deltas: number): Buffer[] {
    return [this.key(), ...Array.from({ length: deltas }, () => this.delta())]
  }

  /** One picture is lost on the way. */
  skip(): void {
    this.#number += 1
  }
}

/** An uploaded frame as watchers get it. */
export const relayedOf = (camera: string, uploaded: Buffer): Buffer =>
  Buffer.from(wrapPicture(camera as SessionId, uploaded))

/** Numbers of relayed pictures, with `k` before those of key pictures. */
export const numbersOf = (relayed: readonly Buffer[]): string[] =>
  relayed.map((bytes) => {
    const read = readRelayed(bytes)
    return read === undefined ? 'unsound' : `${read.picture.isKey ? 'k' : ''}${read.picture.number}`
  })
