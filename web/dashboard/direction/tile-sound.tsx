/** A camera's sound on its tile: that its microphone is on, how loud it is, and hearing it. */
import { Mic, Volume2, VolumeX } from 'lucide-preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { readSettings } from '../../lib/direction/settings.ts'
import type { Feed } from '../../lib/receiving.ts'
import { deviceWords } from '../../lib/room/words.ts'
import { toast } from '../../lib/ui/toast.tsx'
import { watchLevel } from './level.ts'

/** Plays the sound of a camera, silent until it is to be heard: two devices in one room would howl. */
function useVoice(voice: RTCRtpTransceiver | undefined) {
  const [level, setLevel] = useState(0)
  const [heard, setHeard] = useState(false)
  const audio = useRef<HTMLAudioElement | undefined>(undefined)

  useEffect(() => {
    if (!voice) return
    const element = new Audio()
    element.muted = true
    element.srcObject = new MediaStream([voice.receiver.track])
    audio.current = element
    // Muted it needs no leave; and browsers decode only what is played.
    element.play().catch((cause: unknown) => console.warn('The sound is not decoded', cause))
    const stop = watchLevel(voice.receiver, setLevel)
    return () => {
      stop()
      element.pause()
      element.srcObject = null
      audio.current = undefined
      setLevel(0)
      setHeard(false)
    }
  }, [voice])

  const hear = async (on: boolean) => {
    const element = audio.current
    if (!element) return
    element.muted = !on
    setHeard(on)
    try {
      await element.play()
    } catch (cause) {
      console.warn('The sound was refused', cause)
      setHeard(false)
      element.muted = true
      toast('This browser does not play the sound.')
    }
  }
  return { level, heard, hear }
}

function Listening({ name, voice }: { name: string; voice: RTCRtpTransceiver | undefined }) {
  const { level, heard, hear } = useVoice(voice)
  if (!voice) return <span class="tile-mark">Sound needs a direct connection</span>
  const Icon = heard ? Volume2 : VolumeX
  return (
    <span class="tile-mark tile-sound" {...(heard ? { 'data-heard': '' } : {})}>
      <button
        type="button"
        class="tile-listen"
        aria-pressed={heard}
        aria-label={`${heard ? 'Listening' : 'Listen'} to ${name}`}
        onClick={() => void hear(!heard)}
      >
        <Icon size={16} aria-hidden="true" />
        {heard ? 'Listening' : 'Listen'}
      </button>
      {/* Not in the button, whose parts have no role of their own (ARIA, children presentational). */}
      <span
        class="tile-level"
        role="meter"
        aria-label={`Microphone of ${name}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(level * 100)}
      >
        <span style={{ transform: `scaleX(${level.toFixed(2)})` }} />
      </span>
    </span>
  )
}

export function TileSound({ feed }: { feed: Feed }) {
  const member = feed.member.value
  const { microphone } = readSettings(member.state)
  if (microphone === undefined || !member.connected) return null
  if (microphone === 'asking')
    return (
      <span class="tile-mark">
        <Mic size={14} aria-hidden="true" /> Asks for the microphone
      </span>
    )
  return <Listening name={member.name || deviceWords(member.device)} voice={feed.voice.value} />
}
