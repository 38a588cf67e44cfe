import { noteWords, spokenWords } from './still-words.ts'
import type { PhoneStills } from './stills.ts'

/** What becomes of the newest photo, over the picture. */
export function StillPill({ stills }: { stills: PhoneStills | undefined }) {
  const note = stills?.note.value
  return (
    <>
      <span class="visually-hidden" role="status">
        {note && spokenWords(note)}
      </span>
      {note && (
        <span class="pill" data-still={note.kind} aria-hidden="true">
          {noteWords(note)}
        </span>
      )}
    </>
  )
}
