/** Keeps the photos that arrived in the browser (IndexedDB), so that a reload of the dashboard shows them again. */
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Photo } from './photo.ts'

/** A photo as it is kept: without what belongs to one load of the page. */
export type StoredPhoto = Omit<Photo, 'id' | 'url' | 'isKept'>

export interface Album {
  /** The photos that are kept for this seat, the newest first. Those of other seats, and old ones, are deleted. */
  open(): Promise<readonly StoredPhoto[]>
  keep(photo: StoredPhoto): Promise<void>
  remove(photo: Pick<Photo, 'camera' | 'transfer'>): Promise<void>
  close(): void
}

/** After its arrival. Milliseconds. */
const KEPT_FOR = 24 * 60 * 60_000
/** A browser that has not answered by then does not: some hang. Milliseconds. */
const ANSWERS_WITHIN = 5_000

const DATABASE = 'pairlens-photos'
const STORE = 'photos'

interface Row extends StoredPhoto {
  readonly seat: SessionId
  readonly key: string
}

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new DOMException('It failed', 'UnknownError'))
  })

/** What was written is safe when the transaction is over, which is also where a full disk shows. */
const written = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    // A request that fails aborts it.
    transaction.onabort = () => reject(transaction.error ?? new DOMException('It was ended', 'AbortError'))
  })

const within = <T>(work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const late = () => reject(new DOMException('The browser does not answer', 'TimeoutError'))
    const timer = setTimeout(late, ANSWERS_WITHIN)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })

const openDatabase = async (): Promise<IDBDatabase> => {
  const request = indexedDB.open(DATABASE, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key' })
  const database = await answered(request)
  // A later page that changes the database must not wait for this one.
  database.onversionchange = () => database.close()
  return database
}

/** Why photos are not kept, in words for people. */
export const troubleWords = (cause: unknown): string =>
  cause instanceof DOMException && cause.name === 'QuotaExceededError'
    ? 'this browser has no more room'
    : 'this browser keeps nothing for this page'

/**
 * @param seat whose photos they are: a session in a room. Another one replaces it, and its photos then go.
 * @throws DOMException (each method, as a rejection) where the browser does not keep, or not so much
 */
export const createAlbum = (seat: SessionId, now: () => number = Date.now): Album => {
  let database: Promise<IDBDatabase> | undefined
  let isClosed = false
  const store = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    database ??= openDatabase()
    let opened: IDBDatabase
    try {
      opened = await database
    } catch (cause) {
      database = undefined
      throw cause
    }
    if (isClosed) opened.close()
    return opened.transaction(STORE, mode).objectStore(STORE)
  }
  const keyOf = ({ camera, transfer }: Pick<Photo, 'camera' | 'transfer'>) => `${seat} ${camera} ${transfer}`
  const isDue = ({ seat: owner, arrivedAt }: Row) =>
    owner !== seat || !(Math.abs(now() - arrivedAt) < KEPT_FOR)

  const readAll = async () => {
    const photos = await store('readwrite')
    const sorted = async () => {
      const rows = (await answered(photos.getAll())) as Row[]
      for (const { key } of rows.filter(isDue)) photos.delete(key)
      return rows.filter((row) => !isDue(row)).sort((one, other) => other.arrivedAt - one.arrivedAt)
    }
    const [rows] = await Promise.all([sorted(), written(photos.transaction)])
    return rows
  }
  const put = async (photo: StoredPhoto) => {
    const photos = await store('readwrite')
    const end = written(photos.transaction)
    photos.put({ ...photo, seat, key: keyOf(photo) } satisfies Row)
    await end
  }
  const drop = async (photo: Pick<Photo, 'camera' | 'transfer'>) => {
    const photos = await store('readwrite')
    const end = written(photos.transaction)
    photos.delete(keyOf(photo))
    await end
  }
  return {
    open: () => within(readAll()),
    keep: (photo) => within(put(photo)),
    remove: (photo) => within(drop(photo)),
    close() {
      isClosed = true
      database?.then(
        (opened) => opened.close(),
        // Whoever asked for something was told.
        () => undefined,
      )
    },
  }
}
