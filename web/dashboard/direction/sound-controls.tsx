/** The phone's microphone, and talking to who is there. */
import { Mic } from 'lucide-preact'
import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ANSWER_FOR } from '../../lib/direction/commands.ts'
import type { Settings } from '../../lib/direction/settings.ts'
import type { Feed } from '../../lib/receiving.ts'
import { Button } from '../../lib/ui/button.tsx'
import type { Ask } from './ask.ts'
import { Fault, Toggle } from './parts.tsx'
import { createTalkback } from './talkback.ts'
import { useSetting } from './use-setting.ts'

/** Milliseconds: the person's time, and some for the browser's own question and the way. */
const WITHIN = ANSWER_FOR + 30_000

/** Milliseconds within which the person's answer follows the state that it left. */
const ANSWER_BEHIND = 2_000

const MICROPHONE = {
  off: 'The phone asks its person first.',
  asking: 'Waiting for the person at the phone.',
  on: 'It is heard where Listen is pressed on the tile.',
} as const

function Microphone({ now, ask }: { now: Settings['microphone']; ask: Ask }) {
  const setting = useSetting(now !== undefined, (on) => ask('microphone', { on }, WITHIN), { waits: false })
  const drop = useRef(setting.drop)
  drop.current = setting.drop
  const before = useRef(now)
  useEffect(() => {
    const wasAsked = before.current === 'asking'
    before.current = now
    if (!wasAsked || now !== undefined) return undefined
    // A page that was loaded anew knows of no question, and will not answer it.
    const timer = setTimeout(() => drop.current('The phone does not ask any more. Try again.'), ANSWER_BEHIND)
    return () => clearTimeout(timer)
  }, [now])
  return <Toggle label="Microphone" about={MICROPHONE[now ?? 'off']} setting={setting} />
}

const isPress = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter'

function HoldToTalk({ feed, there, ask }: { feed: Feed; there: ReadonlySignal<boolean>; ask: Ask }) {
  const [talkback] = useState(() => createTalkback({ ask, voice: feed.voice, there }))
  const talk = talkback.state.value
  useEffect(() => talkback.release, [talkback])
  return (
    <div class="control" aria-busy={talk.is === 'opening'}>
      <Button
        class="hold-to-talk"
        look={talk.is === 'talking' ? 'primary' : 'quiet'}
        aria-pressed={talk.is === 'talking'}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          talkback.press()
        }}
        onPointerUp={talkback.release}
        onPointerCancel={talkback.release}
        // A long press is no wish for a menu here.
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (!isPress(event)) return
          event.preventDefault()
          // Held down, a key comes again and again: a fault would be tried anew each time.
          if (!event.repeat) talkback.press()
        }}
        onKeyUp={(event) => {
          if (isPress(event)) talkback.release()
        }}
        onBlur={talkback.release}
      >
        <Mic size={18} aria-hidden="true" />
        {talk.is === 'talking' ? 'Talking' : 'Hold to talk'}
      </Button>
      <Fault words={talk.is === 'silent' ? talk.fault : undefined} />
    </div>
  )
}

export function SoundControls({
  feed,
  there,
  set,
  ask,
}: {
  feed: Feed
  /** Both this page and the phone's have the server. */
  there: ReadonlySignal<boolean>
  set: Settings
  ask: Ask
}) {
  const { transport } = feed
  const direct = transport.value === 'p2p' || transport.value === 'turn'
  if (!direct && set.microphone === undefined)
    return <p class="muted">Sound needs a direct connection to the phone.</p>
  return (
    <>
      <Microphone now={set.microphone} ask={ask} />
      {direct && <HoldToTalk feed={feed} there={there} ask={ask} />}
    </>
  )
}
