/** The forms of relayed pictures that this page shows: what its browser says, less what turned out not to work. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { FAMILIES, familyOf, shownHere, type Family } from './codecs.ts'

export interface Shown {
  /** Those that are left, in the order of preference; all of them until the browser has answered. */
  readonly families: ReadonlySignal<readonly Family[]>
  /** Resolves when the browser has answered. */
  readonly asked: Promise<void>
  /** Pictures in this codec could not be shown. @returns whether another form is left, in which they may come */
  failed(codec: string): boolean
}

export const createShown = (ask: () => Promise<readonly Family[]> = shownHere): Shown => {
  const families = signal<readonly Family[]>(FAMILIES)
  const keep = (holds: (family: Family) => boolean) => {
    const left = families.peek().filter(holds)
    if (left.length < families.peek().length) families.value = left
  }
  return {
    families,
    asked: ask().then((answer) => keep((family) => answer.includes(family))),
    failed(codec) {
      const broken = familyOf(codec)
      // Whoever has no JPEG has no other form to be sent.
      if (broken === 'jpeg') return false
      keep((family) => family !== broken)
      return true
    },
  }
}
