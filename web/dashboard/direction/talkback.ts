/** The host's voice to one phone, while a button is held. */
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { CommandFault } from '../../lib/direction/commands.ts'
import type { Ask } from './ask.ts'

export type Talk =
  | { readonly is: 'silent'; readonly fault?: string }
  /** The microphone, and the way to the phone. */
  | { readonly is: 'opening' }
  | { readonly is: 'talking' }

export interface Talkback {
  readonly state: ReadonlySignal<Talk>
  /** The button is pressed, and held. */
  press(): void
  release(): void
}

/** Milliseconds for the way of sound to open; it is one negotiation over the server. */
const WAY_WITHIN = 5_000

const openMicrophone = async (): Promise<MediaStreamTrack> => {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false })
    const [track] = stream.getAudioTracks()
    if (track) return track
  } catch (cause) {
    throw new CommandFault('failed', 'The microphone of this computer is not allowed, or there is none.', {
      cause,
    })
  }
  throw new CommandFault('failed', 'The microphone of this computer gave no sound.')
}

const wayOf = (voice: ReadonlySignal<RTCRtpTransceiver | undefined>): Promise<RTCRtpTransceiver> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop()
      reject(new CommandFault('failed', 'The sound did not reach the phone.'))
    }, WAY_WITHIN)
    const stop = effect(() => {
      const way = voice.value
      if (!way) return
      clearTimeout(timer)
      queueMicrotask(() => stop())
      resolve(way)
    })
  })

export const createTalkback = (deps: {
  ask: Ask
  voice: ReadonlySignal<RTCRtpTransceiver | undefined>
  open?: () => Promise<MediaStreamTrack>
}): Talkback => {
  const open = deps.open ?? openMicrophone
  const state = signal<Talk>({ is: 'silent' })
  /** Rises with every press and release: what comes later belongs to one that is over. */
  let turn = 0
  let end = () => {}

  const isOver = (mine: number) => mine !== turn
  const speak = async (mine: number) => {
    let track: MediaStreamTrack | undefined
    let way: RTCRtpTransceiver | undefined
    let asked = false
    const stop = () => {
      track?.stop()
      if (way) void way.sender.replaceTrack(null)
      if (asked) deps.ask('talk', { on: false }).catch(missed)
    }
    try {
      track = await open()
      if (isOver(mine)) return stop()
      asked = true
      await deps.ask('talk', { on: true })
      if (isOver(mine)) return stop()
      way = await wayOf(deps.voice)
      if (isOver(mine)) return stop()
      await way.sender.replaceTrack(track)
      if (isOver(mine)) return stop()
      end = stop
      state.value = { is: 'talking' }
    } catch (cause) {
      stop()
      if (!(cause instanceof CommandFault)) throw cause
      if (!isOver(mine)) state.value = { is: 'silent', fault: cause.message }
    }
  }
  return {
    state,
    press() {
      if (state.peek().is !== 'silent') return
      turn += 1
      state.value = { is: 'opening' }
      void speak(turn)
    },
    release() {
      if (state.peek().is === 'silent') return
      turn += 1
      end()
      end = () => {}
      state.value = { is: 'silent' }
    },
  }
}

/** The phone hushes by itself when nobody talks any more. */
const missed = (cause: unknown) => console.warn('The phone was not told that the talk is over', cause)
