/** This device's camera: asks for it, keeps it alive over sleep and other apps, turns it round, gives it back. */
import { batch, signal, type ReadonlySignal } from '@preact/signals'
import { createBackoff } from '../lib/backoff.ts'
import type { Pause } from '../lib/camera-state.ts'
import { onHide } from '../lib/page-events.ts'
import { randomText } from '../lib/random.ts'
import { cameraFault, type CameraFault } from '../lib/failures.ts'
import type { Disposer } from '../lib/disposer.ts'
import { disposers, listen } from '../lib/disposer.ts'
import { thisBrowser } from '../lib/browser.ts'
import { adjust, reshape, shapeConstraints, type Shape } from './adjust.ts'

export type CameraPhase =
  | { readonly status: 'off' }
  /** Back after a reload, and the browser wants a tap before the camera may start. */
  | { readonly status: 'needs-tap' }
  | { readonly status: 'asking' }
  | { readonly status: 'live' }
  | { readonly status: 'paused'; readonly why: Pause }
  | { readonly status: CameraFault; readonly cause: unknown }

export type Facing = 'front' | 'back'

export interface Picture {
  readonly facing?: Facing
  readonly width?: number
  readonly height?: number
  readonly fps?: number
}

/** A camera by its direction, or one of several by the browser's id of it. */
export type Which = { readonly facing: Facing } | { readonly deviceId: string }

export interface Camera {
  readonly phase: ReadonlySignal<CameraPhase>
  /** New for every start by the person; undefined while off. */
  readonly source: ReadonlySignal<string | undefined>
  readonly track: ReadonlySignal<MediaStreamTrack | undefined>
  readonly picture: ReadonlySignal<Picture>
  readonly canSwitch: ReadonlySignal<boolean>
  /** Undefined where the camera has no light. */
  readonly torch: ReadonlySignal<boolean | undefined>
  /** Asks for the camera; to be called within a tap unless it is allowed already. */
  start(): Promise<void>
  /** Starts without a tap; where the browser refuses that, waits for one. */
  resume(): Promise<void>
  waitForTap(): void
  stop(): void
  /** Names the source anew, so that every watcher asks for a new connection. */
  renew(): void
  turn(): Promise<void>
  /** Takes this camera, or goes back to the one before; resolves true where it did not need to. */
  choose(which: Which): Promise<boolean>
  /** Has the camera make pictures of this shape, now and after each start, as near as it can. */
  reshape(shape: Shape): Promise<void>
  /** The shape that was asked for last. */
  shape(): Shape
  setTorch(on: boolean): Promise<void>
  /** Looks whether the track survived what the page went through; resolves true when it had to be replaced. */
  revive(): Promise<boolean>
  facing(): Facing
}

/** Long enough for a phone to hand the camera back by itself after the page is shown again. */
const UNMUTE_WITHIN = 700
/** Between two looks whether another app has given the camera back. */
const ASK_AGAIN = { firstMs: 1_000, capMs: 4_000 }

// Not in the DOM types: W3C mediacapture-image.
type TorchCapabilities = MediaTrackCapabilities & { torch?: boolean }

const modeOf = (facing: Facing) => (facing === 'back' ? 'environment' : 'user')
const facingOf = (mode: string | undefined): Facing | undefined =>
  mode === 'environment' ? 'back' : mode === 'user' ? 'front' : undefined

const FIRST_SHAPE: Shape = { size: 720, fps: 30 }

/** Chromium tells of a camera's zoom only where it was asked for; on computers that would be one more question. */
const withZoom = (): object => (thisBrowser().os === 'Android' ? { zoom: true } : {})

const ask = async (which: Which, shape: Shape): Promise<MediaStreamTrack> => {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: {
      ...shapeConstraints(shape),
      ...withZoom(),
      // Never `exact`: laptops and fake cameras name no direction and would be refused.
      ...('facing' in which
        ? { facingMode: { ideal: modeOf(which.facing) } }
        : { deviceId: { exact: which.deviceId } }),
    },
  })
  const track = stream.getVideoTracks()[0]
  if (!track) throw new DOMException('The camera gave no picture', 'NotFoundError')
  return track
}

export const createCamera = (firstFacing: Facing = 'back'): Camera => {
  const phase = signal<CameraPhase>({ status: 'off' })
  const source = signal<string | undefined>(undefined)
  const track = signal<MediaStreamTrack | undefined>(undefined)
  const picture = signal<Picture>({})
  const canSwitch = signal(false)
  const torch = signal<boolean | undefined>(undefined)
  let facing = firstFacing
  let shape = FIRST_SHAPE
  /** The camera that was chosen by name; its direction alone would give another one of several. */
  let lens: string | undefined
  /** Rises with every start and stop: an answer that belongs to an older one is given back unused. */
  let turnCount = 0
  let unfollow: Disposer = () => {}
  let reviving: Promise<boolean> | undefined
  let askAgain: ReturnType<typeof setTimeout> | undefined
  const patience = createBackoff(ASK_AGAIN)

  const isHidden = () => document.visibilityState === 'hidden'
  const release = () => {
    clearTimeout(askAgain)
    unfollow()
    unfollow = () => {}
    track.peek()?.stop()
  }
  const pause = (why: Pause) => {
    phase.value = { status: 'paused', why }
  }
  const show = (live: MediaStreamTrack) => {
    if (isHidden()) pause('hidden')
    else if (live.muted) pause('interrupted')
    else phase.value = { status: 'live' }
  }
  const follow = (live: MediaStreamTrack) => {
    unfollow = disposers(
      listen(live, 'mute', () => show(live)),
      listen(live, 'unmute', () => show(live)),
      listen(live, 'ended', () => {
        pause(isHidden() ? 'hidden' : 'interrupted')
        // Hidden pages may not ask; `revive` does when the page is back.
        if (!isHidden()) void acquire({ facing }, false)
      }),
      onHide(() => pause('hidden')),
    )
  }
  /** The person gave the camera and another app took it: whose it is changes without a word to the page. */
  const waitForReturn = () => {
    pause(isHidden() ? 'hidden' : 'interrupted')
    askAgain = setTimeout(() => {
      if (isHidden()) return
      void acquire({ facing }, false)
    }, patience.next())
  }
  const countCameras = async () => {
    const devices = await navigator.mediaDevices.enumerateDevices()
    canSwitch.value = devices.filter((device) => device.kind === 'videoinput').length > 1
  }
  const pictureOf = (live: MediaStreamTrack): Picture => {
    const settings = live.getSettings()
    const known = facingOf(settings.facingMode)
    return {
      ...(known ? { facing: known } : {}),
      ...(settings.width ? { width: settings.width } : {}),
      ...(settings.height ? { height: settings.height } : {}),
      ...(settings.frameRate ? { fps: Math.round(settings.frameRate) } : {}),
    }
  }
  const adopt = (live: MediaStreamTrack) => {
    // Text and faces stay sharp; `detail` would cost frames, which matter as much here.
    live.contentHint = 'motion'
    const capabilities: TorchCapabilities = live.getCapabilities?.() ?? {}
    const seen = pictureOf(live)
    if (seen.facing) facing = seen.facing
    batch(() => {
      track.value = live
      source.value ??= randomText(12)
      torch.value = capabilities.torch === true ? false : undefined
      picture.value = seen
      show(live)
    })
    patience.reset()
    follow(live)
    countCameras().catch((cause: unknown) => console.warn('The cameras could not be counted', cause))
  }
  /** The old track goes first: iOS gives one camera at a time. */
  const acquire = async (which: Which, byTap: boolean): Promise<boolean> => {
    turnCount += 1
    const mine = turnCount
    release()
    if (!navigator.mediaDevices?.getUserMedia) {
      source.value = undefined
      phase.value = { status: 'insecure', cause: undefined }
      return false
    }
    // Whoever gave it once is not asked, so nobody need look at the phone.
    if (byTap || phase.peek().status !== 'paused') phase.value = { status: 'asking' }
    try {
      const chosen = lens !== undefined && 'facing' in which ? { deviceId: lens } : which
      const live = await ask(chosen, shape)
      if (mine !== turnCount) {
        live.stop()
        return false
      }
      adopt(live)
      return true
    } catch (cause) {
      if (mine !== turnCount) return false
      const fault = cameraFault(cause)
      batch(() => {
        track.value = undefined
        if (fault === 'in-use' && !byTap && source.peek() !== undefined) {
          waitForReturn()
          return
        }
        if (fault !== 'denied' || byTap) source.value = undefined
        phase.value = fault === 'denied' && !byTap ? { status: 'needs-tap' } : { status: fault, cause }
      })
      return false
    }
  }
  const nextDevice = async (): Promise<{ deviceId: string } | undefined> => {
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter(
      ({ kind }) => kind === 'videoinput',
    )
    const now = devices.findIndex(({ deviceId }) => deviceId === track.peek()?.getSettings().deviceId)
    const next = devices[(now + 1) % devices.length]
    return next ? { deviceId: next.deviceId } : undefined
  }

  const isRunning = () => phase.peek().status === 'live' || phase.peek().status === 'paused'
  const revive = async (): Promise<boolean> => {
    // Perhaps the other app was closed meanwhile.
    if (phase.peek().status === 'in-use' && !isHidden()) return acquire({ facing }, false)
    if (!isRunning()) return false
    const live = track.peek()
    if (live?.readyState === 'live' && live.muted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          stop()
          resolve()
        }
        const timer = setTimeout(done, UNMUTE_WITHIN)
        const stop = listen(live, 'unmute', done)
      })
      // Stopped, or started anew, while this waited.
      if (!isRunning() || track.peek() !== live) return false
    }
    if (live?.readyState === 'live' && !live.muted) {
      show(live)
      return false
    }
    if (isHidden()) return false
    return acquire({ facing }, false)
  }

  return {
    phase,
    source,
    track,
    picture,
    canSwitch,
    torch,
    facing: () => facing,
    shape: () => shape,
    async start() {
      await acquire({ facing }, true)
    },
    async resume() {
      await acquire({ facing }, false)
    },
    waitForTap() {
      phase.value = { status: 'needs-tap' }
    },
    stop() {
      turnCount += 1
      release()
      batch(() => {
        track.value = undefined
        source.value = undefined
        torch.value = undefined
        phase.value = { status: 'off' }
      })
    },
    renew() {
      if (source.peek() !== undefined) source.value = randomText(12)
    },
    async turn() {
      const before = facing
      lens = undefined
      if (picture.peek().facing) {
        facing = before === 'back' ? 'front' : 'back'
        if (!(await acquire({ facing }, true))) {
          facing = before
          await acquire({ facing }, true)
        }
        return
      }
      const device = await nextDevice()
      if (device && !(await acquire(device, true))) await acquire({ facing }, true)
    },
    async choose(which) {
      const before = { facing, lens }
      if ('facing' in which) {
        facing = which.facing
        lens = undefined
      } else lens = which.deviceId
      if (await acquire({ facing }, false)) return true
      facing = before.facing
      lens = before.lens
      await acquire({ facing }, false)
      return false
    },
    async reshape(next) {
      const live = track.peek()
      if (!live) return
      await reshape(live, next)
      shape = next
      picture.value = pictureOf(live)
    },
    async setTorch(on) {
      const live = track.peek()
      if (!live) return
      try {
        await adjust(live, { torch: on })
        torch.value = on
      } catch (cause) {
        console.warn('The light could not be switched', cause)
        torch.value = undefined
      }
    },
    revive() {
      // Several events tell of one return.
      reviving ??= revive().finally(() => {
        reviving = undefined
      })
      return reviving
    },
  }
}
