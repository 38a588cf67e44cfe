/** One thing kept in one file over restarts: taken up while it is sound, else made anew. */
import { createPrivate, putBack, readPrivate, replacePrivate, setAside } from './private-file.ts'

export type Judged<T> =
  | { readonly verdict: 'sound'; readonly value: T }
  /** Right in its time; its successor takes its place. */
  | { readonly verdict: 'outdated'; readonly why: string }
  /** Damaged, foreign or unusable; it is set aside, never deleted. */
  | { readonly verdict: 'faulty'; readonly why: string }

export interface Log {
  info(text: string): void
  warn(text: string): void
}

export interface KeptThing<T> {
  readonly path: string
  /** What it is, for the log; begins a sentence. */
  readonly title: string
  /** What follows from making a new one in the place of a faulty one; a sentence. */
  readonly consequence: string
  judge(text: string): Judged<T> | Promise<Judged<T>>
  /** The text of a new one, which `judge` finds sound. */
  make(): string | Promise<string>
  readonly log: Log
}

/** Each round makes progress unless another process undid it; so many in a row mean that something is wrong. */
const MAX_ROUNDS = 20

async function look<T>(thing: KeptThing<T>, path: string): Promise<Judged<T> | 'absent'> {
  const read = await readPrivate(path)
  if (read.state === 'absent') return 'absent'
  if (read.state === 'unreadable') return { verdict: 'faulty', why: read.why }
  if (read.exposed) {
    thing.log.warn(
      `[LAN] ${thing.title} (${path}) was readable by other users of this machine and no longer is; ` +
        'if you do not trust them, delete it and restart',
    )
  }
  return thing.judge(read.text)
}

/**
 * The kept thing. Processes that start at once end up with the same one: what counts is what the file holds
 * after one's own attempt. Throws system errors (folder not writable, disk full).
 */
export async function keep<T>(thing: KeptThing<T>): Promise<T> {
  const { path, title, log } = thing
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const judged = await look(thing, path)
    if (judged === 'absent') {
      await createPrivate(path, await thing.make())
    } else if (judged.verdict === 'sound') {
      return judged.value
    } else if (judged.verdict === 'outdated') {
      log.info(`[LAN] ${title} is renewed: ${judged.why}`)
      await replacePrivate(path, await thing.make())
    } else {
      const aside = await setAside(path)
      if (aside === undefined) continue
      const moved = await look(thing, aside)
      // Between the look and the move another process may have mended it: its work must not be lost.
      if (moved !== 'absent' && moved.verdict === 'sound') {
        await putBack(aside, path)
        continue
      }
      log.warn(
        `[LAN] ${title} (${path}) cannot be used: ${judged.why}. It was set aside as ${aside}, ` +
          `and a new one is made. ${thing.consequence}`,
      )
    }
  }
  throw new Error(`${title} (${path}) keeps changing: another program writes it`)
}
