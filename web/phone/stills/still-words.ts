import { progressWords } from '../../lib/stills/fault.ts'
import type { StillNote } from './stills.ts'

/** What the phone says of its newest photo. */
export const noteWords = (note: StillNote): string =>
  note.kind === 'busy' ? progressWords(note.progress) : note.kind === 'sent' ? 'Photo sent' : note.text

/** The same for those who hear it: not each percent. */
export const spokenWords = (note: StillNote): string => noteWords(note).replace(/, \d+%$/, '')
