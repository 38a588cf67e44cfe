/** This device's camera: asks for it, keeps it alive over sleep and other apps, turns it round, gives it back. */
import { batch, signal, type ReadonlySignal } from '@preact/signals'
import { createBackoff } from '../lib/backoff.ts'
import type { Pause } from '../lib/camera-state.ts'
import type { Facing } from '../lib/direction/settings.ts'
import { onHide } from '../lib/page-events.ts'
import { randomText } from '../lib/random.ts'
import { cameraFault, type CameraFault } from '../lib/failures.ts'
import type { Disposer } from '../lib/disposer.ts'
import { disposers, listen } from '../lib/disposer.ts'
import { adjust, reshape, type Shape } from './adjust.ts'
import { ask, FIRST_SHAPE, pictureOf, type Picture, type Which } from './camera-track.ts'

export type CameraPhase =
  | { readonly status: 'off' }
  /** Back after a reload, and the browser wants a tap before the camera may start. */
  | { readonly status: 'needs-tap' }
  | { readonly status: 'asking' }
  | { readonly status: 'live' }
  | { readonly status: 'paused'; readonly why: Pause }
  | { readonly status: CameraFault; readonly cause: unknown }

/**
 * What came of choosing one: `taken`, or `back` at the one before, since it did not start; `overtaken` where the camera
 * was stopped or started anew meanwhile.
 */
export type Chosen = 'taken' | 'back' | 'overtaken'

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
  /** Takes this camera, or goes back to the one before. */
  choose(which: Which): Promise<Chosen>
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
  let changing: Promise<unknown> = Promise.resolve()
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
  /**
   * The old track goes first: iOS gives one camera at a time.
   * @param tried where it does not start, the caller asks for another one: nothing of this one is told
   */
  const acquire = async (
    which: Which,
    byTap: boolean,
    tried = false,
  ): Promise<'live' | 'failed' | 'overtaken'> => {
    turnCount += 1
    const mine = turnCount
    release()
    if (!navigator.mediaDevices?.getUserMedia) {
      source.value = undefined
      phase.value = { status: 'insecure', cause: undefined }
      return 'failed'
    }
    // Whoever gave it once is not asked, so nobody need look at the phone.
    if (byTap || phase.peek().status !== 'paused') phase.value = { status: 'asking' }
    try {
      const chosen = lens !== undefined && 'facing' in which ? { deviceId: lens } : which
      const live = await ask(chosen, shape)
      if (mine !== turnCount) {
        live.stop()
        return 'overtaken'
      }
      adopt(live)
      return 'live'
    } catch (cause) {
      if (mine !== turnCount) return 'overtaken'
      if (tried) return 'failed'
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
      return 'failed'
    }
  }
  /** Tries this camera, else `back` brings what stood before. */
  const change = async (which: Which, byTap: boolean, back: () => void): Promise<Chosen> => {
    const outcome = await acquire(which, byTap, true)
    if (outcome === 'live') return 'taken'
    if (outcome === 'overtaken') return outcome
    back()
    return (await acquire({ facing }, byTap)) === 'overtaken' ? 'overtaken' : 'back'
  }
  /** One change after the other, each from where the one before left the camera; none where it is off by then. */
  const inTurn = <T>(deed: () => Promise<T>, off: T): Promise<T> => {
    const mine = changing.then(() => (source.peek() === undefined ? off : deed()))
    // Who asked hears of its fault.
    changing = mine.catch(() => {})
    return mine
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
    if (phase.peek().status === 'in-use' && !isHidden()) return (await acquire({ facing }, false)) === 'live'
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
    return (await acquire({ facing }, false)) === 'live'
  }
  const turnRound = async () => {
    const before = { facing, lens }
    const back = () => {
      facing = before.facing
      lens = before.lens
    }
    lens = undefined
    if (picture.peek().facing) {
      facing = before.facing === 'back' ? 'front' : 'back'
      await change({ facing }, true, back)
      return
    }
    const device = await nextDevice()
    if (device) await change(device, true, back)
  }
  const choose = (which: Which): Promise<Chosen> => {
    const before = { facing, lens }
    if ('facing' in which) {
      facing = which.facing
      lens = undefined
    } else lens = which.deviceId
    return change({ facing }, false, () => {
      facing = before.facing
      lens = before.lens
    })
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
    turn: () => inTurn(turnRound, undefined),
    choose: (which) => inTurn(() => choose(which), 'overtaken'),
    reshape: (next) =>
      inTurn(async () => {
        const live = track.peek()
        if (!live) return
        await reshape(live, next)
        shape = next
        if (track.peek() === live) picture.value = pictureOf(live)
      }, undefined),
    async setTorch(on) {
      const live = track.peek()
      if (!live) return
      try {
        await adjust(live, { torch: on })
        if (track.peek() === live) torch.value = on
      } catch (cause) {
        console.warn('The light could not be switched', cause)
        if (track.peek() === live) torch.value = undefined
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
