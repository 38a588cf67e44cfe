import type { CommandRef, SessionId } from '../protocol/ids.ts'
import type { Concern } from './batch.ts'

/** Commands that wait for their result; the oldest go first, so that cameras that never answer cost nothing. */
const MOST = 1_000

/** Which camera owes which host a result; every instance of a room knows it from the events. */
export class OpenCommands {
  readonly #open = new Map<CommandRef, { host: SessionId; camera: SessionId }>()

  learn(concern: Concern): void {
    if (concern.kind === 'result') this.#open.delete(concern.ref)
    if (concern.kind !== 'command') return
    const { ref, host, camera } = concern
    this.#open.set(ref, { host, camera })
    if (this.#open.size <= MOST) return
    const [oldest] = this.#open.keys()
    if (oldest !== undefined) this.#open.delete(oldest)
  }

  /** Ends a command; false where this camera owes this host no such result. */
  close(ref: CommandRef, host: SessionId, camera: SessionId): boolean {
    const command = this.#open.get(ref)
    if (command?.host !== host || command.camera !== camera) return false
    return this.#open.delete(ref)
  }
}
