/** Files that hold secrets: readable by their owner alone, whole or absent, never half written. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Larger than any key and certificate; what is larger is not ours. */
const MAX_BYTES = 64 * 1024
const READABLE_BY_OTHERS = 0o077

/** The code of a system error, or undefined for any other. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Makes the folder and keeps others out of it. */
export async function openPrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
}

export type Read =
  | { readonly state: 'absent' }
  | { readonly state: 'unreadable'; readonly why: string }
  | { readonly state: 'read'; readonly text: string; readonly exposed: boolean }

/**
 * Reads a file and closes it to others if it was open to them (`exposed`; modes mean nothing on Windows).
 * A folder or something huge in its place is unreadable; other system errors are thrown.
 */
export async function readPrivate(path: string): Promise<Read> {
  let file
  try {
    // Without O_NONBLOCK a pipe in the file's place would wait for a writer for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { state: 'absent' }
    if (systemCode(error) === 'ELOOP') return { state: 'unreadable', why: 'it is a link to itself' }
    throw error
  }
  try {
    const stat = await file.stat()
    if (!stat.isFile()) return { state: 'unreadable', why: 'it is not a file' }
    if (stat.size > MAX_BYTES) return { state: 'unreadable', why: 'it is too large' }
    const exposed = process.platform !== 'win32' && (stat.mode & READABLE_BY_OTHERS) !== 0
    if (exposed) await file.chmod(0o600)
    return { state: 'read', text: await file.readFile('utf8'), exposed }
  } finally {
    await file.close()
  }
}

/** Writes beside the path, down to the disk, and gives the temporary file's path to `use`. */
async function withTemporary<T>(
  path: string,
  text: string,
  use: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    return await use(temporary)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Moves a file to a path where nothing is; false, and nothing moved, where something is. */
async function moveIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return false
    // exFAT and some network drives have no hard links: there the last writer wins, whole all the same.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
    await rename(from, to)
    return true
  }
  await rm(from)
  return true
}

/** Puts the text there in one step where nothing is; where something is, it stays. */
export const createPrivate = (path: string, text: string): Promise<boolean> =>
  withTemporary(path, text, (temporary) => moveIfAbsent(temporary, path))

/** Puts the text there in one step, whatever was there. */
export const replacePrivate = (path: string, text: string): Promise<void> =>
  withTemporary(path, text, (temporary) => rename(temporary, path))

/** Renames what is there to a name that says so, and returns that; undefined when nothing was there. */
export async function setAside(path: string): Promise<string | undefined> {
  const aside = `${path}.set-aside-${randomUUID().slice(0, 8)}`
  try {
    await rename(path, aside)
    return aside
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Undoes `setAside`, unless something new stands there by now. */
export async function putBack(aside: string, path: string): Promise<void> {
  if (!(await moveIfAbsent(aside, path))) await rm(aside)
}
