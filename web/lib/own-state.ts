/**
 * Keeps the own member's `state` on the server as the page wants it: sends the difference only, gathers quick
 * changes, and puts everything back when a reconnect finds an older state there.
 */
import type { MemberState } from '../../server/protocol/models.ts'
import { diffPatch, joinPatches, mergePatch } from './merge-patch.ts'

/** Changes within so many milliseconds after a sent one go together. */
const GATHER = 100
const RETRY = 1_000

export interface OwnState {
  /**
   * Merges a patch (RFC 7396) into what the page wants to be known of it. `now`: it is sent before this returns,
   * for the page may not live on to send it later.
   */
  set(patch: MemberState, when?: 'now'): void
  /** The client is active, and the server knows this state. */
  opened(known: MemberState): void
  dropped(): void
  dispose(): void
}

export const createOwnState = (deps: {
  /** Sends within the call. Resolves true when accepted, false when it may be tried again; rejects when that is no use. */
  send: (patch: MemberState) => Promise<boolean>
  changed: (state: MemberState) => void
}): OwnState => {
  let wanted: MemberState | undefined
  /** What the server may know: what it knew at last, and what was sent behind it and is not answered. */
  let possible: readonly MemberState[] = []
  let busy = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const stopTimer = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const later = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined
      flush()
    }, ms)
  }
  /** `mine` was taken, in the order of sending: nothing older can be what the server knows. */
  const settled = (mine: MemberState) => {
    const at = possible.indexOf(mine)
    if (at >= 0) possible = possible.slice(at)
    return at >= 0
  }
  const tell = async (patch: MemberState, target: MemberState) => {
    busy += 1
    try {
      const accepted = await deps.send(patch)
      // A reconnect in between has told a newer truth.
      if (accepted ? settled(target) : possible.includes(target)) later(accepted ? GATHER : RETRY)
    } catch (cause) {
      console.error('The server does not take the state of this device', cause)
      settled(target)
    } finally {
      busy -= 1
    }
    if (timer === undefined) flush()
  }
  const send = () => {
    if (possible.length === 0 || wanted === undefined) return
    const target = wanted
    const patch = possible
      .map((known) => diffPatch(known, target))
      .reduce<MemberState | undefined>((all, one) => joinPatches(all, one), undefined)
    if (!patch) return
    if (!possible.includes(target)) possible = [...possible, target]
    void tell(patch, target)
  }
  const flush = () => {
    if (busy === 0 && timer === undefined) send()
  }

  return {
    set(patch, when) {
      wanted = mergePatch(wanted ?? {}, patch)
      deps.changed(wanted)
      if (when === 'now') {
        stopTimer()
        send()
      } else flush()
    },
    opened(state) {
      possible = [state]
      if (wanted) deps.changed(wanted)
      flush()
    },
    dropped() {
      possible = []
      stopTimer()
    },
    dispose() {
      this.dropped()
      wanted = undefined
    },
  }
}
