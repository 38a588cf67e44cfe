/**
 * Keeps the own member's `state` on the server as the page wants it: sends the difference only, gathers quick
 * changes, and puts everything back when a reconnect finds an older state there.
 */
import type { MemberState } from '../../server/protocol/models.ts'
import { diffPatch, mergePatch } from './merge-patch.ts'

/** Changes within so many milliseconds after a sent one go together. */
const GATHER = 100
const RETRY = 1_000

export interface OwnState {
  /** Merges a patch (RFC 7396) into what the page wants to be known of it. */
  set(patch: MemberState): void
  /** The client is active, and the server knows this state. */
  opened(known: MemberState): void
  dropped(): void
  dispose(): void
}

export const createOwnState = (deps: {
  /** Resolves true when accepted, false when it may be tried again; rejects when trying again is no use. */
  send: (patch: MemberState) => Promise<boolean>
  changed: (state: MemberState) => void
}): OwnState => {
  let wanted: MemberState | undefined
  let known: MemberState | undefined
  let busy = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const later = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined
      void flush()
    }, ms)
  }
  const flush = async (): Promise<void> => {
    if (busy || timer !== undefined || known === undefined || wanted === undefined) return
    const base = known
    const target = wanted
    const patch = diffPatch(base, target)
    if (!patch) return
    busy = true
    try {
      const accepted = await deps.send(patch)
      // A reconnect in between has told a newer truth.
      if (known === base) {
        if (accepted) known = target
        later(accepted ? GATHER : RETRY)
      }
    } catch (cause) {
      console.error('The server does not take the state of this device', cause)
      if (known === base) known = target
    } finally {
      busy = false
    }
    if (timer === undefined) void flush()
  }

  return {
    set(patch) {
      wanted = mergePatch(wanted ?? {}, patch)
      deps.changed(wanted)
      void flush()
    },
    opened(state) {
      known = state
      if (wanted) deps.changed(wanted)
      void flush()
    },
    dropped() {
      known = undefined
      clearTimeout(timer)
      timer = undefined
    },
    dispose() {
      this.dropped()
      wanted = undefined
    },
  }
}
