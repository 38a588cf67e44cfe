/** The photos of a dashboard: shown at once, kept over a reload as far as the browser keeps them, and said where not. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Album, StoredPhoto } from '../../web/dashboard/stills/album.ts'
import { openShelf } from '../../web/dashboard/stills/shelf.ts'
import { sessionId } from './fakes.ts'

const photo = (transfer: number, bytes = 10): StoredPhoto => ({
  camera: sessionId('camera'),
  transfer,
  cameraName: 'Pixel',
  roomName: 'Kitchen table',
  arrivedAt: transfer,
  takenAt: transfer,
  type: 'image/png',
  width: 4,
  height: 3,
  how: 'photo',
  sha256: String(transfer),
  blob: new Blob([new Uint8Array(bytes)]),
})

/** A browser's album in memory, which a test fills or holds up. */
const openOne = (earlier: readonly StoredPhoto[] = []) => {
  const kept = new Map(earlier.map((one) => [one.transfer, one]))
  const state = { most: Infinity, fails: false }
  const held: (() => void)[] = []
  let isHeld = false
  const album: Album = {
    open: () =>
      state.fails
        ? Promise.reject(new DOMException('no', 'InvalidStateError'))
        : Promise.resolve([...kept.values()]),
    async keep(one) {
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve))
      if (kept.size >= state.most) throw new DOMException('full', 'QuotaExceededError')
      kept.set(one.transfer, one)
    },
    remove: ({ transfer }) => Promise.resolve(void kept.delete(transfer)),
    close: () => undefined,
  }
  return {
    album,
    kept,
    state,
    hold: () => (isHeld = true),
    release: () => {
      isHeld = false
      for (const resolve of held.splice(0)) resolve()
    },
  }
}

const shown = (shelf: ReturnType<typeof openShelf>) =>
  shelf.photos.value.map(({ transfer, isKept }) => [transfer, isKept])

afterEach(() => vi.restoreAllMocks())

describe('[MED-7] photos that arrived', () => {
  test('are shown at once, kept then, and there again after a reload', async () => {
    const { album, kept, hold, release } = openOne([photo(1)])
    const shelf = openShelf(album)
    await shelf.ready
    expect(shown(shelf)).toEqual([[1, true]])
    hold()
    const adding = shelf.add(photo(2))
    expect(shown(shelf)).toEqual([
      [2, false],
      [1, true],
    ])
    release()
    await adding
    expect(shown(shelf)[0]).toEqual([2, true])
    expect([...kept.keys()]).toEqual([1, 2])
    // What a page of today says of a photo is nothing for the next one.
    expect(Object.keys(kept.get(2) ?? {})).not.toContain('url')
    expect([shelf.has(sessionId('camera'), 2, '2'), shelf.has(sessionId('camera'), 2, '3')]).toEqual([
      true,
      false,
    ])
  })

  test('for which the browser has no room are shown, said to be lost, and kept when there is room', async () => {
    const { album, kept, state } = openOne()
    state.most = 1
    const shelf = openShelf(album)
    await shelf.ready
    await shelf.add(photo(1))
    await shelf.add(photo(2))
    expect(shown(shelf)).toEqual([
      [2, false],
      [1, true],
    ])
    expect(shelf.trouble.value).toBe('this browser has no more room')
    shelf.remove(shelf.photos.value[1] ?? expect.fail('no photo'))
    await vi.waitFor(() => expect(shown(shelf)).toEqual([[2, true]]))
    expect([shelf.trouble.value, [...kept.keys()]]).toEqual([undefined, [2]])
  })

  test('are shown in a browser that keeps nothing', async () => {
    const { album, state } = openOne([photo(1)])
    state.fails = true
    const shelf = openShelf(album)
    await shelf.ready
    state.most = 0
    await shelf.add(photo(2))
    expect(shown(shelf)).toEqual([[2, false]])
  })

  test('that are deleted while they are written do not come again', async () => {
    const { album, kept, hold, release } = openOne()
    const shelf = openShelf(album)
    await shelf.ready
    hold()
    const adding = shelf.add(photo(1))
    shelf.remove(shelf.photos.value[0] ?? expect.fail('no photo'))
    release()
    await adding
    await vi.waitFor(() => expect(kept.size).toBe(0))
    expect(shelf.photos.value).toEqual([])
  })

  test('are counted with those of before: 200 of them, or 512 MiB', async () => {
    const shelf = openShelf(openOne(Array.from({ length: 198 }, (_, at) => photo(at, 1_000))).album)
    await shelf.ready
    expect([shelf.hasRoom(2, 1), shelf.hasRoom(3, 1)]).toEqual([true, false])
    const rest = 512 * 1024 * 1024 - 198_000
    expect([shelf.hasRoom(1, rest), shelf.hasRoom(1, rest + 1)]).toEqual([true, false])
  })

  test('leave no address behind', async () => {
    const made: string[] = []
    const revoked: string[] = []
    vi.spyOn(URL, 'createObjectURL').mockImplementation(() => {
      made.push(`blob:${made.length}`)
      return made.at(-1) ?? ''
    })
    vi.spyOn(URL, 'revokeObjectURL').mockImplementation((url) => void revoked.push(url))
    const shelf = openShelf(openOne([photo(1)]).album)
    await shelf.ready
    await shelf.add(photo(2))
    await shelf.add(photo(3))
    shelf.remove(shelf.photos.value[1] ?? expect.fail('no photo'))
    expect(revoked).toEqual(['blob:1'])
    shelf.dispose()
    expect(revoked.sort()).toEqual(made)
  })
})
