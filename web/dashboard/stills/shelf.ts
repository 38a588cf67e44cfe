/** The photos that are here: shown, counted, and kept over reloads as far as the browser keeps them. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Disposer } from '../../lib/disposer.ts'
import { toast } from '../../lib/ui/toast.tsx'
import { troubleWords, type Album, type StoredPhoto } from './album.ts'
import type { Photo } from './photo.ts'

export interface Shelf {
  /** The newest first. */
  readonly photos: ReadonlySignal<readonly Photo[]>
  /** The one that arrived last in this load of the page. */
  readonly arrived: ReadonlySignal<Photo | undefined>
  /** Why some are not kept over a reload, in words. */
  readonly trouble: ReadonlySignal<string | undefined>
  /** What an earlier load of the page kept is here too, or never will be. */
  readonly ready: Promise<void>
  hasRoom(photos: number, bytes: number): boolean
  has(camera: SessionId, transfer: number, sha256: string): boolean
  /** Shows a photo at once; resolves when it is kept, or cannot be. */
  add(photo: StoredPhoto): Promise<void>
  /** Takes a photo away for good. */
  remove(photo: Photo): void
  dispose: Disposer
}

const MOST_PHOTOS = 200
const MOST_BYTES = 512 * 1024 * 1024

const stored = ({ id: _id, url: _url, isKept: _isKept, ...photo }: Photo): StoredPhoto => photo

export const openShelf = (album: Album): Shelf => {
  const photos = signal<readonly Photo[]>([])
  const arrived = signal<Photo | undefined>(undefined)
  const trouble = signal<string | undefined>(undefined)
  let count = 0
  let bytesKept = 0
  let isDisposed = false

  const shown = (photo: StoredPhoto, isKept: boolean): Photo => {
    bytesKept += photo.blob.size
    return { ...photo, id: (count += 1), isKept, url: URL.createObjectURL(photo.blob) }
  }
  const release = ({ url, blob }: Photo) => {
    URL.revokeObjectURL(url)
    bytesKept -= blob.size
  }
  const find = (id: number) => photos.peek().find((one) => one.id === id)
  const say = (cause: unknown, text: (why: string) => string) => {
    console.warn('The browser did not keep photos', cause)
    if (!isDisposed) toast(text(troubleWords(cause)))
  }
  const forget = async (photo: Photo) => {
    try {
      await album.remove(photo)
    } catch (cause) {
      // What was never kept does not come again.
      if (photo.isKept) say(cause, (why) => `A reload may show the deleted photo again: ${why}.`)
    }
  }
  const keep = async (photo: Photo) => {
    try {
      await album.keep(stored(photo))
    } catch (cause) {
      if (trouble.peek() === undefined)
        say(cause, (why) => `The photo is here, but a reload loses it: ${why}. Save it.`)
      if (!isDisposed) trouble.value = troubleWords(cause)
      return
    }
    if (isDisposed) return
    // It may have been deleted meanwhile.
    if (find(photo.id) === undefined) {
      await forget({ ...photo, isKept: true })
      return
    }
    photos.value = photos.peek().map((one) => (one.id === photo.id ? { ...one, isKept: true } : one))
    if (photos.peek().every(({ isKept }) => isKept)) trouble.value = undefined
  }
  const restore = async () => {
    try {
      const earlier = await album.open()
      if (isDisposed) return
      photos.value = [...photos.peek(), ...earlier.map((photo) => shown(photo, true))]
    } catch (cause) {
      say(cause, (why) => `Photos of before cannot be shown: ${why}.`)
    }
  }

  return {
    photos,
    arrived,
    trouble,
    ready: restore(),
    hasRoom: (more, bytes) => photos.peek().length + more <= MOST_PHOTOS && bytesKept + bytes <= MOST_BYTES,
    has: (camera, transfer, sha256) =>
      photos
        .peek()
        .some((one) => one.camera === camera && one.transfer === transfer && one.sha256 === sha256),
    add(photo) {
      const added = shown(photo, false)
      photos.value = [added, ...photos.peek()]
      arrived.value = added
      return keep(added)
    },
    remove({ id }) {
      const photo = find(id)
      if (photo === undefined) return
      photos.value = photos.peek().filter((one) => one !== photo)
      release(photo)
      void forget(photo).then(async () => {
        // There may be room now.
        for (const other of photos.peek()) if (!isDisposed && !other.isKept) await keep(other)
      })
    },
    dispose() {
      isDisposed = true
      for (const photo of photos.peek()) release(photo)
      album.close()
    },
  }
}
