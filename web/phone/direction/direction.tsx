/** Everything that a dashboard directs on this phone, loaded together (loading.ts). */
import { computed, type ReadonlySignal, type Signal } from '@preact/signals'
import type { FunctionComponent } from 'preact'
import type { Client } from '../../lib/client-types.ts'
import { disposers } from '../../lib/disposer.ts'
import { reencode } from '../../lib/encoding.ts'
import type { Settings } from '../../lib/direction/settings.ts'
import type { Seat } from '../../lib/seat.ts'
import type { Sending } from '../../lib/sending.ts'
import type { Camera } from '../camera.ts'
import type { Answers } from './answers.ts'
import { cameraAnswers } from './camera-answers.ts'
import { createMarks } from './marks.ts'
import { reportDirection } from './report.ts'
import { DirectionScreen } from './screen.tsx'
import { createSound } from './sound.ts'

export interface DirectionNeeds {
  readonly client: Client
  readonly camera: Camera
  readonly seat: Seat
  /** The picture is kept back: nobody is sent one. */
  readonly covered: Signal<boolean>
  readonly sending: ReadonlySignal<Sending | undefined>
}

export interface Direction {
  readonly answers: Omit<Answers, 'way' | 'photo'>
  /** What a dashboard put on this screen, to lie over the camera's picture. */
  readonly Screen: FunctionComponent
  dispose(): void
}

export const openDirection = ({ client, camera, seat, covered, sending }: DirectionNeeds): Direction => {
  const marks = createMarks({ client, seat, covered, source: camera.source })
  const sound = createSound({ client, sending, source: camera.source })
  const microphone = computed<Partial<Settings>>(() => {
    const { is } = sound.microphone.value
    if (is === 'off') return {}
    return { microphone: is === 'on' ? 'on' : 'asking' }
  })
  const report = reportDirection({ client, camera, marks, more: microphone })
  const changed = () => {
    report.changed()
    for (const { connection } of sending.peek()?.peers.peek().values() ?? []) {
      const [video] = connection.getSenders()
      if (video) void reencode(video, camera.track.peek())
    }
  }
  return {
    answers: { ...cameraAnswers(camera, changed), ...marks.answers, ...sound.answers },
    Screen: () => <DirectionScreen marks={marks} sound={sound} />,
    dispose: disposers(report.dispose, sound.dispose),
  }
}
