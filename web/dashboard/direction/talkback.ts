/** The host's voice to one phone, while a button is held. */
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { CommandFault } from '../../lib/direction/commands.ts'
import { disposers, listen, type Disposer } from '../../lib/disposer.ts'
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

const unreached = () => new CommandFault('failed', 'The sound did not reach the phone.')

const wayOf = (
  voice: ReadonlySignal<RTCRtpTransceiver | undefined>,
  stop: ReturnType<typeof disposers>,
): Promise<RTCRtpTransceiver> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unreached()), WAY_WITHIN)
    stop.add(() => clearTimeout(timer))
    stop.add(
      effect(() => {
        if (!voice.value) return
        clearTimeout(timer)
        resolve(voice.value)
      }),
    )
  })

/** Sends this track, until disposed of. */
const carry = async ({ sender }: RTCRtpTransceiver, track: MediaStreamTrack): Promise<Disposer> => {
  try {
    await sender.replaceTrack(track)
  } catch (cause) {
    console.error('The sound was not sent', cause)
    throw unreached()
  }
  return () => {
    // The next press may have come before.
    if (sender.track === track)
      sender.replaceTrack(null).catch((cause: unknown) => console.warn('The way of sound is closed', cause))
  }
}

export const createTalkback = (deps: {
  ask: Ask
  voice: ReadonlySignal<RTCRtpTransceiver | undefined>
  /** Both pages have the server: the phone hushes by itself where it does not see this one. */
  there: ReadonlySignal<boolean>
  open?: () => Promise<MediaStreamTrack>
}): Talkback => {
  const { ask, voice, there } = deps
  const open = deps.open ?? openMicrophone
  const state = signal<Talk>({ is: 'silent' })
  /** Rises with every press and end: what comes later belongs to one that is over. */
  let turn = 0
  /** The phone was told to play, and not yet to stop. */
  let told = false
  let end: Disposer = () => {}

  const silence = (fault?: string) => {
    turn += 1
    end()
    end = () => {}
    state.value = fault === undefined ? { is: 'silent' } : { is: 'silent', fault }
    if (!told) return
    told = false
    ask('talk', { on: false }).catch(missed)
  }
  const speak = async (mine: number) => {
    const stop = disposers()
    end = stop
    const isOver = () => {
      if (mine === turn) return false
      stop()
      return true
    }
    const track = await open()
    stop.add(() => track.stop())
    if (isOver()) return
    told = true
    await ask('talk', { on: true })
    if (isOver()) return
    const way = await wayOf(voice, stop)
    stop.add(await carry(way, track))
    if (isOver()) return
    state.value = { is: 'talking' }
    stop.add(listen(track, 'ended', () => silence('The microphone of this computer is gone.')))
    stop.add(
      effect(() => {
        if (voice.value === way && there.value) return
        // Not within the effect, which it ends.
        queueMicrotask(() => {
          if (mine === turn) silence('The connection to the phone was interrupted. Hold again to go on.')
        })
      }),
    )
  }
  const press = async (mine: number) => {
    try {
      await speak(mine)
    } catch (cause) {
      if (!(cause instanceof CommandFault)) console.error('Talking failed', cause)
      if (mine === turn) silence(cause instanceof CommandFault ? cause.message : unreached().message)
    }
  }
  return {
    state,
    press() {
      if (state.peek().is !== 'silent') return
      turn += 1
      state.value = { is: 'opening' }
      void press(turn)
    },
    release() {
      if (state.peek().is !== 'silent') silence()
    },
  }
}

/** The phone hushes by itself when nobody talks any more. */
const missed = (cause: unknown) => console.warn('The phone was not told that the talk is over', cause)
