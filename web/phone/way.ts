/** How this phone sends its picture: to each watcher alone, or through the server once [MED-6]. */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../server/protocol/ids.ts'
import { readWatcher } from '../lib/camera-state.ts'
import type { Client } from '../lib/client-types.ts'
import { disposers, type Disposer } from '../lib/disposer.ts'
import type { WayChoice } from '../lib/direction/commands.ts'
import type { Decided } from '../lib/relay/reasons.ts'

export interface Way {
  /** Why this page has no direct video at all; undefined where it has. */
  readonly directOff: Exclude<Decided, 'many'> | undefined

  /** Why every watcher is to take the picture from the server; undefined while they may ask directly. */
  readonly relayOnly: ReadonlySignal<Decided | undefined>
  /** What a dashboard chose. */
  readonly choice: ReadonlySignal<WayChoice>
  choose(choice: WayChoice): void
  dispose: Disposer
}

/** So many a phone encodes for and uploads to one by one; each more costs its battery and its uplink once more. */
const FEW = 3
/** Milliseconds for which few must watch before it goes back: people reload, and each change costs a moment. */
const BACK_AFTER = 10_000

export const createWay = (deps: {
  readonly client: Pick<Client, 'members' | 'active'>
  /** The own member. */
  readonly camera: SessionId
  readonly directOff: Way['directOff']
  readonly first?: WayChoice
}): Way => {
  const { client, camera, directOff } = deps
  const choice = signal<WayChoice>(deps.first ?? 'auto')
  const many = signal(false)
  /** Those who see it directly, or would if it were not for their number. */
  const crowd = computed(
    () =>
      [...client.members.value.values()].filter(({ role, connected, state }) => {
        if (role === 'camera' || !connected) return false
        const { watching, via } = readWatcher(state, camera)
        return watching !== undefined && (via === undefined || via === 'turn' || via === 'many')
      }).length,
  )
  const tooMany = computed(() => crowd.value > FEW)
  const dispose = disposers(
    effect(() => {
      // While the server is away nobody could take the picture from it, nor is the number of watchers known.
      if (!client.active.value) return undefined
      if (tooMany.value) {
        untracked(() => (many.value = true))
        return undefined
      }
      const timer = setTimeout(() => (many.value = false), BACK_AFTER)
      return () => clearTimeout(timer)
    }),
  )
  return {
    directOff,
    relayOnly: computed(() => {
      if (directOff !== undefined) return directOff
      if (choice.value === 'relay') return 'chosen'
      return choice.value === 'auto' && many.value ? 'many' : undefined
    }),
    choice,
    choose(next) {
      choice.value = next
    },
    dispose,
  }
}
