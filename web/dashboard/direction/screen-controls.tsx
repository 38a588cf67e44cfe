/** What stands on the phone's screen. */
import { useId, useState } from 'preact/hooks'
import { MOST_MESSAGE, type MessageSet, type Settings } from '../../lib/direction/settings.ts'
import { Button } from '../../lib/ui/button.tsx'
import type { Ask } from './ask.ts'
import { Fault, Toggle } from './parts.tsx'
import { useSetting } from './use-setting.ts'

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

const standsWords = ({ at, dismissed }: MessageSet): string =>
  dismissed === undefined
    ? `On its screen since ${clock.format(at)}.`
    : `Read and put away at ${clock.format(dismissed)}.`

/** Words for a phone that are not shown there yet: they outlive the panel, which moves with the width of the window. */
export interface Draft {
  text: string
}

interface Props {
  message: MessageSet | undefined
  ask: Ask
  draft: Draft
}

function Message({ message, ask, draft }: Props) {
  const [words, setWords] = useState(draft.text)
  const show = useSetting<string | null>(null, (text) => ask('show', { text }))
  const id = useId()
  const stands = message !== undefined && message.dismissed === undefined
  return (
    <form
      class="control"
      aria-busy={show.busy}
      onSubmit={(event) => {
        event.preventDefault()
        if (words.trim() !== '') show.set(words.trim())
      }}
    >
      <div class="field">
        <label for={id}>Message</label>
        <textarea
          class="input"
          id={id}
          rows={2}
          maxLength={MOST_MESSAGE}
          value={words}
          onInput={(event) => {
            draft.text = event.currentTarget.value
            setWords(draft.text)
          }}
        />
      </div>
      <div class="control-deeds">
        <Button type="submit" disabled={words.trim() === ''}>
          Show on the phone
        </Button>
        {stands && <Button onClick={() => show.set(null)}>Take away</Button>}
      </div>
      <p class="muted small" role="status">
        {message && standsWords(message)}
      </p>
      <Fault words={show.fault} />
    </form>
  )
}

export function ScreenControls({ set, ask, draft }: { set: Settings; ask: Ask; draft: Draft }) {
  const tally = useSetting(set.tally, (on) => ask('tally', { on }))
  return (
    <>
      <Toggle label="On air" about="A red frame on the phone and here." setting={tally} />
      <Message message={set.message} ask={ask} draft={draft} />
    </>
  )
}
