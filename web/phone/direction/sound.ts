/**
 * Sound between this phone and the dashboards: its microphone, which its person alone can switch on, and what a
 * dashboard says. Both take the direct connection to a host; other watchers and the relay get none.
 */
import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals'
import type { SessionId } from '../../../server/protocol/ids.ts'
import type { Client } from '../../lib/client-types.ts'
import { ANSWER_FOR, CommandFault } from '../../lib/direction/commands.ts'
import { disposers, listen, type Disposer } from '../../lib/disposer.ts'
import type { Peer } from '../../lib/peer.ts'
import type { Sending } from '../../lib/sending.ts'
import type { Answers } from './answers.ts'

export type Microphone =
  | { readonly is: 'off' }
  /** A dashboard has asked, and the person has not answered. */
  | { readonly is: 'asking' }
  /** The person said yes, and the browser asks too. */
  | { readonly is: 'opening' }
  | { readonly is: 'on'; readonly track: MediaStreamTrack }

export interface Sound {
  readonly microphone: ReadonlySignal<Microphone>
  /** Who is heard on this phone. */
  readonly talker: ReadonlySignal<SessionId | undefined>
  /** The person says yes; to be called within a tap. */
  allow(): Promise<void>
  refuse(): void
  /** Off, whoever had it switched on. */
  mute(): void
  readonly answers: Pick<Answers, 'microphone' | 'talk'>
  dispose: Disposer
}

/** Milliseconds in which a browser refuses to play; what it allows may start later. */
const REFUSED_WITHIN = 1_000

const noWay = () => new CommandFault('not-now', 'Sound needs a direct connection.')

interface Question {
  /** The person is there: the browser's own question has its own time. */
  readonly answered: () => void
  readonly yes: () => void
  readonly no: (fault: CommandFault) => void
}

export const createSound = (deps: {
  client: Pick<Client, 'members'>
  sending: ReadonlySignal<Pick<Sending, 'peers'> | undefined>
  /** Of the camera; undefined while it is off. */
  source: ReadonlySignal<string | undefined>
  play?: (track: MediaStreamTrack) => { started: Promise<void>; stop: Disposer }
}): Sound => {
  const { client, sending, source } = deps
  const play = deps.play ?? playTrack
  const microphone = signal<Microphone>({ is: 'off' })
  const talker = signal<SessionId | undefined>(undefined)
  /** By connection. */
  const voices = new Map<string, RTCRtpTransceiver>()
  let question: Question | undefined
  let silence: Disposer = () => {}

  const peers = computed(() => sending.value?.peers.value ?? new Map<SessionId, Peer>())
  const isHost = (watcher: SessionId) => client.members.value.get(watcher)?.role === 'host'
  const connected = (watcher: SessionId): Peer | undefined => {
    const peer = peers.peek().get(watcher)
    return peer?.state.peek().status === 'connected' ? peer : undefined
  }
  const voiceOf = (peer: Peer): RTCRtpTransceiver => {
    const known = voices.get(peer.pc)
    if (known) return known
    const opened = peer.connection.addTransceiver('audio', { direction: 'sendrecv' })
    voices.set(peer.pc, opened)
    return opened
  }
  const send = async (voice: RTCRtpTransceiver, track: MediaStreamTrack | null) => {
    try {
      await voice.sender.replaceTrack(track)
    } catch (cause) {
      console.warn('The sound was not switched', cause)
    }
  }

  const close = () => {
    const now = microphone.peek()
    if (now.is === 'on') now.track.stop()
    microphone.value = { is: 'off' }
  }
  const settle = (end: (question: Question) => void) => {
    const asked = question
    question = undefined
    if (asked) end(asked)
  }
  const refuse = (fault: CommandFault) => {
    close()
    settle(({ no }) => no(fault))
  }
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => refuse(new CommandFault('not-now', 'Nobody answered on the phone.')),
        ANSWER_FOR,
      )
      question = {
        answered: () => clearTimeout(timer),
        yes() {
          clearTimeout(timer)
          resolve()
        },
        no(fault) {
          clearTimeout(timer)
          reject(fault)
        },
      }
      microphone.value = { is: 'asking' }
    })
  const open = async () => {
    // The card may be tapped once more before it is gone.
    if (microphone.peek().is !== 'asking') return
    question?.answered()
    microphone.value = { is: 'opening' }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false })
      const [track] = stream.getAudioTracks()
      if (!track) throw new DOMException('The microphone gave no sound', 'NotFoundError')
      // Taken back, or too late.
      if (microphone.peek().is !== 'opening') {
        track.stop()
        return
      }
      track.addEventListener('ended', close, { once: true })
      microphone.value = { is: 'on', track }
      settle(({ yes }) => yes())
    } catch (cause) {
      refuse(new CommandFault('failed', 'The phone’s browser does not give the microphone.', { cause }))
    }
  }
  const hush = () => {
    silence()
    silence = () => {}
    talker.value = undefined
  }
  const talk = async (from: SessionId) => {
    const peer = connected(from)
    if (!peer) throw noWay()
    const other = talker.peek()
    if (other !== undefined && other !== from)
      throw new CommandFault('not-now', 'Another dashboard is talking.')
    hush()
    const { started, stop } = play(voiceOf(peer).receiver.track)
    silence = stop
    talker.value = from
    try {
      await started
    } catch (cause) {
      // One that was stopped rejects too, and another may play by now.
      if (silence === stop) hush()
      throw new CommandFault('failed', 'The phone may not play sound yet. Somebody has to tap its screen.', {
        cause,
      })
    }
  }

  const stopAll = disposers(
    effect(() => {
      const now = microphone.value
      const track = now.is === 'on' ? now.track : null
      const all = [...peers.value]
      const there = new Set(all.map(([, { pc }]) => pc))
      for (const pc of voices.keys()) if (!there.has(pc)) voices.delete(pc)
      for (const [watcher, peer] of all) {
        if (!isHost(watcher)) continue
        if (track || voices.has(peer.pc)) void send(voiceOf(peer), track)
      }
    }),
    effect(() => {
      const who = talker.value
      if (who === undefined) return
      const peer = peers.value.get(who)
      const here = client.members.value.get(who)?.connected === true
      if (!here || !peer || peer.state.value.status === 'failed') untracked(hush)
    }),
    effect(() => {
      if (source.value !== undefined) return
      untracked(() => {
        refuse(new CommandFault('not-now', 'The camera was stopped.'))
        hush()
      })
    }),
    listen(document, 'visibilitychange', () => {
      // Nobody sees there that it is on.
      if (document.visibilityState === 'hidden')
        refuse(new CommandFault('not-now', 'The page on the phone is not in view.'))
    }),
  )

  return {
    microphone,
    talker,
    allow: open,
    refuse: () => refuse(new CommandFault('not-now', 'The person at the phone said not now.')),
    mute: close,
    answers: {
      async microphone({ on }, from) {
        if (!on) {
          refuse(new CommandFault('not-now', 'It was taken back.'))
          return
        }
        if (microphone.peek().is === 'on') return
        if (question) throw new CommandFault('not-now', 'The phone is asked already.')
        if (source.peek() === undefined) throw new CommandFault('not-now', 'The camera is not on.')
        if (!connected(from)) throw noWay()
        await ask()
      },
      async talk({ on }, from) {
        if (on) await talk(from)
        else if (talker.peek() === from) hush()
      },
    },
    dispose() {
      refuse(new CommandFault('not-now', 'The phone left the room.'))
      hush()
      stopAll()
    },
  }
}

/** Plays through an element, which the tap on Start camera has unlocked. */
const playTrack = (track: MediaStreamTrack): { started: Promise<void>; stop: Disposer } => {
  const audio = new Audio()
  audio.srcObject = new MediaStream([track])
  const late = new Promise<void>((resolve) => setTimeout(resolve, REFUSED_WITHIN))
  return {
    started: Promise.race([audio.play(), late]),
    stop() {
      audio.pause()
      audio.srcObject = null
    },
  }
}
