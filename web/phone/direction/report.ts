/** Tells, in the own state, what can be asked of this camera and how it stands (lib/direction/settings.ts). */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { MemberState } from '../../../server/protocol/models.ts'
import type { Client } from '../../lib/client-types.ts'
import { compact } from '../../lib/direction/read.ts'
import type { Abilities, Lens, Settings } from '../../lib/direction/settings.ts'
import { disposers, listen, type Disposer } from '../../lib/disposer.ts'
import { diffPatch } from '../../lib/merge-patch.ts'
import type { Camera } from '../camera.ts'
import { abilitiesOf, settingsOf } from './abilities.ts'
import { lensesOf, type KnownLens } from './lenses.ts'
import type { Marks } from './marks.ts'

/** Only what differs from how a camera is at first: the state of a member has 4 KiB. */
const marksOf = ({ turn, mirror, tally, message }: Marks): Partial<Settings> => {
  const shown = message.value
  return {
    ...(turn.value === 0 ? {} : { turn: turn.value }),
    ...(mirror.value ? { mirror: true } : {}),
    ...(tally.value ? { tally: true } : {}),
    ...(shown
      ? { message: compact<NonNullable<Settings['message']>>({ at: shown.at, dismissed: shown.dismissed }) }
      : {}),
  }
}

/** The browser's own id of it stays here. */
const told = ({ id, label, facing }: KnownLens): Lens => ({ id, label, ...(facing ? { facing } : {}) })

export interface Report {
  /** Has the track looked at again, which says nothing of what was set of it. */
  changed(): void
  dispose: Disposer
}

export const reportDirection = (deps: {
  client: Pick<Client, 'setState'>
  camera: Camera
  marks: Marks
  more: ReadonlySignal<Partial<Settings>>
}): Report => {
  const { client, camera, marks } = deps
  const looks = signal(0)
  const lenses = signal<readonly KnownLens[]>([])
  const tracked = computed(() => {
    void looks.value
    const track = camera.track.value
    if (!track) return undefined
    const can = abilitiesOf(track)
    const { light, ...others } = can
    const torch = camera.torch.value
    return {
      can: torch === undefined || !light ? others : can,
      set: { ...settingsOf(track, can), ...(torch === true ? { light: true } : {}) },
      deviceId: track.getSettings().deviceId,
    }
  })
  const direction = computed(() => {
    const now = tracked.value
    const own = lenses.value.find(({ deviceId }) => deviceId === now?.deviceId)
    const several = now && lenses.value.length > 1
    const can: Abilities = {
      ...now?.can,
      ...(several ? { lenses: lenses.value.map(told) } : {}),
    }
    const set: Partial<Settings> = {
      ...now?.set,
      ...(several && own ? { lens: own.id } : {}),
      ...marksOf(marks),
      ...deps.more.value,
    }
    return { can, set } as const
  })
  let last: MemberState = {}
  const count = async () => {
    try {
      lenses.value = lensesOf(await navigator.mediaDevices.enumerateDevices())
    } catch (cause) {
      console.warn('The cameras could not be named', cause)
    }
  }
  return {
    changed() {
      looks.value = looks.peek() + 1
    },
    dispose: disposers(
      effect(() => {
        const next = direction.value
        untracked(() => {
          const patch = diffPatch(last, next)
          last = next
          if (patch) client.setState({ camera: patch })
        })
      }),
      effect(() => {
        // Names are told once the camera was allowed.
        if (camera.track.value) void count()
      }),
      ...(navigator.mediaDevices ? [listen(navigator.mediaDevices, 'devicechange', () => void count())] : []),
    ),
  }
}
