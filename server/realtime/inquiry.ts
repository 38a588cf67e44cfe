import { nanoid } from 'nanoid'
import type { Clock } from '../domain/clock.ts'
import type { InstanceId, RoomId } from '../protocol/ids.ts'
import type { Member } from '../protocol/models.ts'
import type { Draft, LetterOf } from './letters.ts'

/** An answer that takes longer is done without. Milliseconds. */
const ANSWER_WITHIN = 500

/** Asks instances that have members in a room who is there: the store knows neither states nor who is away. */
export class Inquiry {
  readonly #clock: Clock
  readonly #post: (to: InstanceId, draft: Draft) => Promise<number | undefined>
  readonly #open = new Map<string, (members: readonly Member[]) => void>()

  constructor(clock: Clock, post: (to: InstanceId, draft: Draft) => Promise<number | undefined>) {
    this.#clock = clock
    this.#post = post
  }

  /** @returns what the first that answers says; nothing where none does */
  async members(room: RoomId, instances: Iterable<InstanceId>): Promise<readonly Member[] | undefined> {
    for (const instance of instances) {
      const answer = await this.#ask(room, instance)
      if (answer !== undefined) return answer
    }
    return undefined
  }

  answered({ ref, members }: LetterOf<'members'>): void {
    this.#open.get(ref)?.(members)
  }

  #ask(room: RoomId, instance: InstanceId): Promise<readonly Member[] | undefined> {
    const ref = nanoid(12)
    return new Promise((resolve) => {
      const settle = (members?: readonly Member[]): void => {
        end()
        this.#open.delete(ref)
        resolve(members)
      }
      const end = this.#clock.after(ANSWER_WITHIN, settle)
      this.#open.set(ref, settle)
      void this.#post(instance, { t: 'ask', room, ref }).then((received) => {
        if (received !== 1) settle()
      })
    })
  }
}
