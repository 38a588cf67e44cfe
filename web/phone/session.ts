/** The phone's live session: connection, pictures to the watchers, and what the dashboard is told. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { Api } from '../lib/api.ts'
import { thisBrowser } from '../lib/browser.ts'
import { createClient, type Client } from '../lib/client.ts'
import { disposers, listen, type Disposer } from '../lib/disposer.ts'
import { CommandFault, readWayChoice } from '../lib/direction/commands.ts'
import { cameraFailure } from '../lib/failures.ts'
import { networkInformation, onHide, onWake } from '../lib/page-events.ts'
import { directOff } from '../lib/relay/reasons.ts'
import { createRelayUpload } from '../lib/relay/upload.ts'
import type { Seat, SeatRecord } from '../lib/seat.ts'
import { createSending, type Sending } from '../lib/sending.ts'
import { followAudience, type Audience } from './audience.ts'
import type { Camera } from './camera.ts'
import type { Direction } from './direction/direction.tsx'
import { loadDirection } from './direction/loading.ts'
import { wayAnswers } from './direction/way-answers.ts'
import { createWay, type Way } from './way.ts'
import { stillAnswers } from './stills/still-answers.ts'
import { createStills, type PhoneStills } from './stills/stills.ts'

export interface PhoneSession {
  readonly client: Client
  readonly audience: Audience
  readonly stills: PhoneStills
  /** What a dashboard may direct here; undefined until it is loaded. */
  readonly direction: ReadonlySignal<Direction | undefined>
  /** A dashboard has the picture kept back: nobody is sent one. */
  readonly covered: ReadonlySignal<boolean>
  /** Has every watcher connect anew. */
  retry(): void
  dispose(): void
}

// Not in the DOM types: W3C battery-status.
interface BatteryManager extends EventTarget {
  readonly level: number
  readonly charging: boolean
}

/** Who was away so long may be in another network: new ways are looked for at once. Milliseconds. */
const LONG_AWAY = 3_000

const socketUrl = (path = '/ws'): string => {
  const url = new URL(path, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.hash = ''
  return url.href
}

/** Tells the battery's level where the browser knows it (Chromium). */
const reportBattery = (client: Client): Disposer => {
  const all = disposers()
  if (!('getBattery' in navigator)) return all
  let ended = false
  all.add(() => {
    ended = true
  })
  const follow = (battery: BatteryManager) => {
    if (ended) return
    const tell = () =>
      client.setState({
        battery: { level: Math.round(battery.level * 100) / 100, charging: battery.charging },
      })
    tell()
    all.add(listen(battery, 'levelchange', tell))
    all.add(listen(battery, 'chargingchange', tell))
  }
  ;(navigator as Navigator & { getBattery(): Promise<BatteryManager> })
    .getBattery()
    .then(follow)
    .catch((cause: unknown) => console.warn('The battery is not told', cause))
  return all
}

const reportNetwork = (client: Client): Disposer => {
  const connection = networkInformation()
  if (!connection) return () => {}
  const tell = () => client.setState({ network: connection.type ?? connection.effectiveType ?? null })
  tell()
  return listen(connection, 'change', tell)
}

/** Tells the camera's state; null takes back a field that no longer holds (RFC 7396). */
const reportCamera = (client: Client, camera: Camera, covered: ReadonlySignal<boolean>, way: Way): Disposer =>
  effect(() => {
    const phase = camera.phase.value
    const picture = camera.picture.value
    const seen = phase.status === 'live' || phase.status === 'paused'
    const state = {
      camera: {
        status: covered.value && phase.status === 'live' ? 'covered' : phase.status,
        why: phase.status === 'paused' ? phase.why : null,
        source: camera.source.value ?? null,
        facing: (seen && picture.facing) || null,
        width: (seen && picture.width) || null,
        height: (seen && picture.height) || null,
        fps: (seen && picture.fps) || null,
        relayOnly: way.relayOnly.value ?? null,
        way: way.choice.value === 'auto' ? null : way.choice.value,
        detail: 'cause' in phase ? cameraFailure(phase.status, thisBrowser()).mend : null,
      },
    }
    // A page that is hidden may be frozen the next moment.
    client.setState(state, phase.status === 'paused' ? 'now' : undefined)
  })

/** No photo either while the picture is kept back. */
const uncovered = (
  { photo }: ReturnType<typeof stillAnswers>,
  covered: ReadonlySignal<boolean>,
): ReturnType<typeof stillAnswers> => ({
  photo: (args, from) =>
    covered.peek()
      ? Promise.reject(new CommandFault('not-now', 'The picture is switched off.'))
      : photo(args, from),
})

/** Connects the seat's session and serves the camera to whoever watches. */
export const openSession = (deps: {
  api: Api
  seat: Seat
  record: SeatRecord
  camera: Camera
}): PhoneSession => {
  const { api, seat, record, camera } = deps
  const { token } = record
  const client = createClient({
    url: socketUrl(),
    token,
    nextAttempt: () => seat.nextAttempt(token),
    askSession: () => api.session(token),
  })
  const sending = signal<Sending | undefined>(undefined)

  const way = createWay({
    client,
    camera: record.id,
    directOff: directOff(),
    first: readWayChoice(record.notes['way']) ?? 'auto',
  })
  const covered = signal(false)
  const shown = computed(() => (covered.value ? undefined : camera.track.value))
  const upload = createRelayUpload({ client, camera: record.id, track: shown })
  const stills = createStills({ client, camera, sending })
  const audience = followAudience(client, record.id, sending, upload.sending)
  const direction = loadDirection(
    { client, camera, seat, covered, sending },
    { ...wayAnswers(way, seat), ...uncovered(stillAnswers(stills), covered) },
  )

  let hiddenAt: number | undefined
  const wake = async () => {
    const away = hiddenAt === undefined ? 0 : Date.now() - hiddenAt
    if (document.visibilityState === 'visible') hiddenAt = undefined
    try {
      const replaced = await camera.revive()
      if (!replaced && away < LONG_AWAY) return
      if (sending.peek()?.restart() === false) camera.renew()
    } catch (cause) {
      console.error('The camera did not come back', cause)
    }
  }

  const stop = disposers(
    reportCamera(client, camera, covered, way),
    reportBattery(client),
    reportNetwork(client),
    direction.dispose,
    effect(() => {
      const source = camera.source.value
      if (source === undefined) {
        // Who starts the camera means it to be seen.
        covered.value = false
        return undefined
      }
      const mine = createSending({
        client,
        source,
        track: shown,
        relayOnly: way.directOff !== undefined,
      })
      sending.value = mine
      return () => {
        mine.dispose()
        sending.value = undefined
      }
    }),
    effect(() => {
      const name = client.room.value?.name
      if (name !== undefined) seat.update({ roomName: name })
    }),
    effect(() => {
      const { status } = camera.phase.value
      if (status === 'asking') return
      seat.update({
        notes: {
          live: status === 'live' || status === 'paused' || status === 'needs-tap',
          facing: camera.facing(),
        },
      })
    }),
    way.dispose,
    audience.dispose,
    stills.dispose,
    upload.dispose,
    onHide(() => {
      hiddenAt ??= Date.now()
    }),
    onWake(() => void wake()),
  )
  // Hidden while the code was claimed, and shown again.
  if (camera.phase.peek().status === 'paused') void wake()
  client.connect()

  return {
    client,
    audience,
    stills,
    direction: direction.direction,
    covered,
    retry: camera.renew,
    dispose() {
      stop()
      client.dispose()
    },
  }
}
