/** What a dashboard puts on the phone's screen: that it is on air, and words for the person behind it. */
import { MessageSquareText, Mic, MicOff, Radio, Volume2 } from 'lucide-preact'
import { Button } from '../../lib/ui/button.tsx'
import type { Marks } from './marks.ts'
import type { Sound } from './sound.ts'
import './screen.css'

function Message({ marks }: { marks: Marks }) {
  const message = marks.message.value
  if (!message || message.dismissed !== undefined) return null
  return (
    <section class="desk-card" aria-label="Message from the dashboard">
      <p class="desk-card-from">
        <MessageSquareText size={18} aria-hidden="true" /> From the dashboard
      </p>
      <p class="desk-message">{message.text}</p>
      <Button size="thumb" onClick={marks.dismiss}>
        OK
      </Button>
    </section>
  )
}

/** Asks the person: no dashboard switches a microphone on. */
function Question({ sound }: { sound: Sound }) {
  const { is } = sound.microphone.value
  if (is !== 'asking') return null
  return (
    <section class="desk-card" role="alertdialog" aria-label="The dashboard asks for the microphone">
      <p class="desk-card-title">
        <Mic size={20} aria-hidden="true" /> The dashboard asks for the microphone
      </p>
      <p class="muted">Who is at the dashboard hears what is said here, until you switch it off.</p>
      <div class="desk-card-deeds">
        <Button size="thumb" onClick={sound.refuse}>
          Not now
        </Button>
        <Button look="primary" size="thumb" onClick={() => void sound.allow()}>
          Allow
        </Button>
      </div>
    </section>
  )
}

/** That the microphone is on, for as long as it is, and the way to switch it off. */
function SoundState({ sound }: { sound: Sound }) {
  const on = sound.microphone.value.is === 'on'
  const talking = sound.talker.value !== undefined
  if (!on && !talking) return null
  return (
    <div class="desk-sound">
      {on && (
        <Button look="picture" class="microphone-on" onClick={sound.mute}>
          <Mic size={18} aria-hidden="true" /> Microphone on
          <span class="microphone-off">
            <MicOff size={16} aria-hidden="true" /> Turn off
          </span>
        </Button>
      )}
      {talking && (
        <span class="pill">
          <Volume2 size={18} aria-hidden="true" /> The dashboard is talking
        </span>
      )}
    </div>
  )
}

/** What those who hear the page are told of it. */
const saidOf = ({ tally, message }: Marks, { microphone }: Sound): string => {
  const words = message.value
  return [
    tally.value ? 'On air' : '',
    microphone.value.is === 'on' ? 'The microphone is on' : '',
    words && words.dismissed === undefined ? `The dashboard says: ${words.text}` : '',
  ]
    .filter(Boolean)
    .join('. ')
}

export function DirectionScreen({ marks, sound }: { marks: Marks; sound: Sound }) {
  return (
    <>
      {marks.tally.value && (
        <div class="on-air">
          <span class="on-air-words">
            <Radio size={18} aria-hidden="true" /> On air
          </span>
        </div>
      )}
      <SoundState sound={sound} />
      <div class="desk-cards">
        <Question sound={sound} />
        <Message marks={marks} />
      </div>
      <p class="visually-hidden" role="status" aria-live="polite">
        {saidOf(marks, sound)}
      </p>
    </>
  )
}
