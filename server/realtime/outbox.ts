import { MAX_PICTURE_WAIT, MAX_WAITING, MAX_WAITING_WITH_MEDIA } from '../protocol/limits.ts'
import type { Framed, FrameStream, MediaFrame } from './wire.ts'

/** What waits for the end of the tick is written before it grows over this. Bytes. */
const MAX_BATCH = 64 * 1024

/**
 * The frames of one tick for one socket, as a chain that ends with the newest. Sockets that are sent the same frames
 * share it, so that the bytes are put together once for all of them.
 */
class Batch {
  readonly size: number
  readonly #framed: Framed
  /** Where the run of frames that stand one behind the other begins, and what comes before it. */
  readonly #runStart: number
  readonly #beforeRun: Batch | undefined
  #next: Batch | undefined
  #bytes: Buffer | undefined

  constructor(before: Batch | undefined, framed: Framed) {
    const adjoins =
      before !== undefined && before.#framed.page === framed.page && before.#framed.end === framed.start
    this.#framed = framed
    this.#runStart = adjoins ? before.#runStart : framed.start
    this.#beforeRun = adjoins ? before.#beforeRun : before
    this.size = (before?.size ?? 0) + framed.end - framed.start
  }

  endsWith(framed: Framed): boolean {
    return this.#framed === framed
  }

  /** The same and one frame more; the last one asked for is remembered. */
  with(framed: Framed): Batch {
    if (this.#next?.endsWith(framed) === true) return this.#next
    return (this.#next = new Batch(this, framed))
  }

  get bytes(): Buffer {
    return (this.#bytes ??= this.#beforeRun === undefined ? this.#run() : this.#joined())
  }

  #run(): Buffer {
    return this.#framed.page.subarray(this.#runStart, this.#framed.end)
  }

  #joined(): Buffer {
    const runs = [this.#run()]
    for (let batch = this.#beforeRun; batch !== undefined; batch = batch.#beforeRun)
      runs.unshift(batch.#run())
    return Buffer.concat(runs, this.size)
  }
}

/** Outboxes with something to write at the end of the tick: a burst of events then costs one system call a socket. */
let filled: Outbox[] = []
/** The last batch that was begun, while it had one frame: receivers of an event come one behind the other. */
let begun: Batch | undefined

function flushAll(): void {
  const outboxes = filled
  filled = []
  begun = undefined
  for (const outbox of outboxes) outbox.flush()
}

function begin(framed: Framed): Batch {
  if (begun?.endsWith(framed) !== true) begun = new Batch(undefined, framed)
  return begun
}

/** Learns that its reader is too slow. */
export interface Sender {
  overflowed(): void
}

/** A picture that may still wait in the stream. */
interface WaitingPicture {
  readonly at: number
  readonly size: number
  /** What was written when it was. */
  readonly end: number
}

/** The way out of one connection: the one place that writes frames of ours to a socket. */
export class Outbox {
  readonly #stream: FrameStream
  readonly #sender: Sender
  #batch: Batch | undefined
  /** Bytes written so far. */
  #written = 0
  /** Pictures that the system had not taken when they were written, oldest first, and their bytes. */
  readonly #media: WaitingPicture[] = []
  #mediaWaiting = 0
  #ended = false

  /** @param stream below the socket, to which ready frames are written */
  constructor(stream: FrameStream, sender: Sender) {
    this.#stream = stream
    this.#sender = sender
  }

  add(framed: Framed): void {
    if (this.#ended) return
    if (this.#batch === undefined) {
      this.#batch = begin(framed)
      if (filled.push(this) === 1) setImmediate(flushAll)
    } else {
      this.#batch = this.#batch.with(framed)
    }
    // What is held back only for the tick must not look like what a slow reader holds up.
    if (this.#batch.size > MAX_BATCH) this.flush()
  }

  /** Writes what waits. */
  flush(): void {
    const batch = this.#batch
    this.#batch = undefined
    // It was written before the end of the tick.
    if (batch === undefined) return
    if (!this.#stream.writable) return
    this.#stream.write(batch.bytes)
    this.#written += batch.size
    if (this.#stream.writableLength <= MAX_WAITING) return
    this.#forgetTaken()
    // Pictures were let in by their own bound, and one of them may be larger than that.
    const excess = Math.max(0, this.#mediaWaiting - MAX_WAITING_WITH_MEDIA)
    if (this.#stream.writableLength - excess > MAX_WAITING) this.#sender.overflowed()
  }

  /**
   * Whether a picture that came now would be sent.
   * @param at now, as pictures count it
   * @param most bytes that may wait before it
   */
  takesMedia(at: number, most = MAX_WAITING_WITH_MEDIA): boolean {
    if (this.#ended || !this.#stream.writable) return false
    if (this.#stream.writableLength + (this.#batch?.size ?? 0) > most) return false
    this.#forgetTaken()
    const [oldest] = this.#media
    return oldest === undefined || at - oldest.at <= MAX_PICTURE_WAIT
  }

  /** Sends a picture now or, where the reader is behind, never [SEC-4]. */
  addMedia({ head, body, size, at }: MediaFrame, most?: number): 'sent' | 'dropped' {
    if (!this.takesMedia(at, most)) return 'dropped'
    const stream = this.#stream
    stream.cork()
    this.flush()
    // What waited may have been too much, which closes.
    const isOpen = !this.#ended
    if (isOpen) {
      stream.write(head)
      stream.write(body)
      this.#written += size
    }
    stream.uncork()
    if (isOpen && stream.writableLength > 0) {
      this.#media.push({ at, size, end: this.#written })
      this.#mediaWaiting += size
    }
    return isOpen ? 'sent' : 'dropped'
  }

  /** A callback for each write would cost more than to look when it matters. */
  #forgetTaken(): void {
    const taken = this.#written - this.#stream.writableLength
    for (let [oldest] = this.#media; oldest !== undefined && oldest.end <= taken; [oldest] = this.#media) {
      this.#media.shift()
      this.#mediaWaiting -= oldest.size
    }
  }

  /** Writes what waits, and nothing more: behind a close frame nothing may follow (RFC 6455, section 5.5.1). */
  end(): void {
    this.flush()
    this.#ended = true
  }
}
