/** The scanner: its own camera, a look at the picture several times a second, and a verdict on what it reads. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { Browser } from '../../lib/browser.ts'
import { disposers, type Disposer } from '../../lib/disposer.ts'
import { cameraFailure } from '../../lib/failures.ts'
import { onWake } from '../../lib/page-events.ts'
import { createCamera, type Camera } from '../camera.ts'
import type { Decode } from './decode.ts'
import type { Reading } from './reading.ts'

/** Between two looks, milliseconds: quick enough to seem immediate, and leaves the phone cool. */
const LOOK_EVERY = 120
/** Words about a wrong code stay for so long after it was last seen, so that they can be read. Milliseconds. */
const SAY_FOR = 4_000

/** The two readings that lead on. */
export type Found = Extract<Reading, { kind: 'camera' | 'page' }>

export interface ScanFailure {
  readonly kind: string
  readonly title: string
  readonly mend: string
  /** False where trying again cannot help. */
  readonly retry: boolean
}

export type ScanState =
  | { readonly status: 'starting' | 'looking' }
  /** A code was read that does not lead on; it keeps looking. */
  | { readonly status: 'refused'; readonly words: string }
  | { readonly status: 'failed'; readonly failure: ScanFailure }

export interface Scanner {
  readonly state: ReadonlySignal<ScanState>
  readonly camera: Pick<Camera, 'track' | 'picture' | 'torch' | 'setTorch'>
  retry(): void
  /** Gives the camera back. */
  dispose(): void
}

const TYPE_IT = 'Or type the code instead.'

const refusal = (reading: Exclude<Reading, Found>): string =>
  reading.kind === 'foreign'
    ? `That code leads to ${reading.host}, not to this server. Scan the code on your dashboard.`
    : 'That is not a pairing code. Scan the code on your dashboard.'

/**
 * Starts at once. The camera is given back before `found` is called, which is once at most: iOS gives one
 * camera at a time, and the page's own comes next.
 */
export const createScanner = (deps: {
  /** Shows the camera's picture; null while it is not on the page. */
  readonly video: () => HTMLVideoElement | null
  readonly openDecoder: () => Promise<Decode>
  readonly read: (text: string) => Promise<Reading>
  readonly browser: Browser
  readonly found: (found: Found) => void
}): Scanner => {
  const { video, read, browser } = deps
  const camera = createCamera('back')
  const words = signal<string | undefined>(undefined)
  const broken = signal<ScanFailure | undefined>(undefined)
  const decode = signal<Decode | undefined>(undefined)
  let ended = false
  let wordsTimer: ReturnType<typeof setTimeout> | undefined

  const say = (text: string) => {
    clearTimeout(wordsTimer)
    words.value = text
    wordsTimer = setTimeout(() => {
      words.value = undefined
    }, SAY_FOR)
  }
  const judge = async (texts: readonly string[]) => {
    const readings = await Promise.all(texts.map(read))
    if (ended) return
    const hit = readings.find((each): each is Found => each.kind === 'camera' || each.kind === 'page')
    if (hit) {
      dispose()
      deps.found(hit)
      return
    }
    const miss =
      readings.find((each): each is Exclude<Reading, Found> => each.kind === 'foreign') ?? readings[0]
    if (miss && miss.kind !== 'camera' && miss.kind !== 'page') say(refusal(miss))
  }
  const look = async (reader: Decode) => {
    try {
      const shown = video()
      if (shown && shown.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) await judge(await reader(shown))
    } catch (cause) {
      console.error('The picture could not be read', cause)
      if (!ended) failed('unreadable', 'The scanner stopped')
    }
  }
  /** One look after the other until it is ended. */
  const keepLooking = (reader: Decode): Disposer => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let going = true
    const step = async () => {
      await look(reader)
      if (going) timer = setTimeout(() => void step(), LOOK_EVERY)
    }
    void step()
    return () => {
      going = false
      clearTimeout(timer)
    }
  }
  const failed = (kind: string, title: string) => {
    camera.stop()
    broken.value = { kind, title, mend: `Try again. ${TYPE_IT}`, retry: true }
  }
  const load = async () => {
    try {
      decode.value = await deps.openDecoder()
    } catch (cause) {
      console.error('The reader of codes did not load', cause)
      if (!ended) failed('not-loaded', 'The scanner did not load')
    }
  }
  const start = () => {
    broken.value = undefined
    // Both at once: what takes longest is the person's answer to the browser's question.
    void camera.start()
    if (!decode.peek()) void load()
  }

  const state = computed((): ScanState => {
    if (broken.value) return { status: 'failed', failure: broken.value }
    const phase = camera.phase.value
    if ('cause' in phase) {
      const { kind, title, mend, action } = cameraFailure(phase.status, browser)
      return {
        status: 'failed',
        failure: { kind, title, mend: `${mend} ${TYPE_IT}`, retry: action === 'camera' },
      }
    }
    if (phase.status !== 'live' || !decode.value) return { status: 'starting' }
    return words.value === undefined ? { status: 'looking' } : { status: 'refused', words: words.value }
  })
  const looking = computed(() => {
    const { status } = state.value
    return status === 'looking' || status === 'refused'
  })

  const stop = disposers(
    effect(() => {
      const reader = decode.value
      return looking.value && reader ? keepLooking(reader) : undefined
    }),
    onWake(() => {
      camera.revive().catch((cause: unknown) => console.error('The camera did not come back', cause))
    }),
    () => {
      clearTimeout(wordsTimer)
      camera.stop()
    },
  )
  const dispose = () => {
    ended = true
    stop()
  }
  start()

  return { state, camera, retry: start, dispose }
}
