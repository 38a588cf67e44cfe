import type { Clock, Disposer } from '../domain/clock.ts'
import type { LogSpan, SharedRooms } from '../domain/shared-rooms.ts'
import type { RoomId } from '../protocol/ids.ts'
import type { Timeline } from './timeline.ts'

/** So long the names of entries may take that the log was found to have. Milliseconds. */
const NAMED_WITHIN = 1_000

export interface CheckpointDeps {
  readonly room: RoomId
  readonly timeline: Timeline
  readonly shared: SharedRooms
  readonly clock: Clock
  /** It is not known that everything was delivered here: the log is to be read. */
  readonly read: () => void
}

/**
 * Moves the place up to which the log is known without reading it: the store tells how many entries it holds, and if
 * as many between its first and last one are known here, there are no others. To read them all again would cost every
 * instance each event a second time.
 */
export class Checkpoint {
  readonly #deps: CheckpointDeps
  /** What the store told, while entries of it have no name here yet. */
  #span: LogSpan | undefined
  #isUnderWay = false
  #late: Disposer | undefined

  constructor(deps: CheckpointDeps) {
    this.#deps = deps
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  begin(): void {
    const { room, timeline, shared, read } = this.#deps
    if (timeline.read === undefined) {
      read()
      return
    }
    this.#isUnderWay = true
    shared.logSpan(room).then(
      (span) => {
        if (span === undefined || !timeline.reaches(span.first)) this.#giveUp()
        else if (this.#isUnderWay) {
          this.#span = span
          this.#late = this.#deps.clock.after(NAMED_WITHIN, () => {
            this.look()
            if (this.#isUnderWay) this.#giveUp()
          })
          this.look()
        }
      },
      () => this.#giveUp(),
    )
  }

  /** Entries may have got their names meanwhile. */
  look(): void {
    const { timeline } = this.#deps
    const span = this.#span
    if (span === undefined) return
    if (timeline.reaches(span.last) || timeline.passes(span)) this.dispose()
  }

  dispose(): void {
    this.#isUnderWay = false
    this.#span = undefined
    this.#late?.()
    this.#late = undefined
  }

  #giveUp(): void {
    if (!this.#isUnderWay) return
    this.dispose()
    this.#deps.read()
  }
}
