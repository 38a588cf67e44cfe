import './photo-send.css'
import { Camera } from 'lucide-preact'
import { useRef } from 'preact/hooks'
import { Button, type ButtonLook } from '../../lib/ui/button.tsx'
import { noteWords, spokenWords } from './still-words.ts'
import type { PhoneStills } from './stills.ts'

export interface PhotoSendProps {
  readonly stills: PhoneStills
  readonly look: ButtonLook
}

/** Opens the camera app and sends what it took; says how far it is, and that it arrived. */
export function PhotoSend({ stills, look }: PhotoSendProps) {
  const input = useRef<HTMLInputElement>(null)
  const note = stills.note.value
  const isBusy = note?.kind === 'busy'
  const part =
    note?.kind === 'busy' && note.progress.stage === 'sending'
      ? note.progress.part
      : note?.kind === 'busy' && note.progress.stage === 'taking'
        ? 0
        : 1
  return (
    <div class="photo-send">
      <p class="visually-hidden" role="status">
        {note && note.kind !== 'failed' ? spokenWords(note) : ''}
      </p>
      {note && note.kind !== 'failed' && (
        <div class="photo-note" data-still={note.kind} aria-hidden="true">
          <span>{noteWords(note)}</span>
          <progress value={part} max={1} />
        </div>
      )}
      {note?.kind === 'failed' && (
        <div class="photo-note" data-still="failed" role="alert">
          <strong>The photo was not sent</strong>
          <span>{note.text}</span>
          {note.retry && <Button onClick={note.retry}>Send again</Button>}
        </div>
      )}
      <input
        ref={input}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        onChange={(event) => {
          const { files } = event.currentTarget
          const file = files?.[0]
          if (file) void stills.sendFile(file)
          // The same photo may be chosen once more.
          event.currentTarget.value = ''
        }}
      />
      <Button
        look={look}
        size="thumb"
        aria-disabled={isBusy}
        onClick={() => !isBusy && input.current?.click()}
      >
        <Camera size={24} aria-hidden="true" />
        {note?.kind === 'sent' ? 'Take another photo' : 'Send a photo from this phone'}
      </Button>
    </div>
  )
}
