/** How this browser wants to see a room; the dashboard and the viewer's page remember it together. */
import { signal, type ReadonlySignal } from '@preact/signals'
import { readLayout, type Layout } from './layout.ts'

const REMEMBERED = 'pairlens:view'

export interface View {
  readonly layout: ReadonlySignal<Layout>
  /** Each tile tells its numbers. */
  readonly details: ReadonlySignal<boolean>
  choose: (layout: Layout) => void
  showDetails: (on: boolean) => void
}

type Place = Pick<Storage, 'getItem' | 'setItem'>

function browserStorage(): Place | undefined {
  try {
    return localStorage
  } catch (cause) {
    console.warn('This browser keeps no data, so the view is not remembered', cause)
    return undefined
  }
}

/** Kept as the layout, and ` details` behind it where they are shown. */
const read = (place: Place | undefined): { layout: Layout | undefined; details: boolean } => {
  const [layout, details] = (place?.getItem(REMEMBERED) ?? '').split(' ')
  return { layout: readLayout(layout), details: details === 'details' }
}

/** @param asked what the page's address says; it counts for this window and is not remembered */
export function openView(
  asked: { layout?: Layout | undefined; details?: boolean } = {},
  place: Place | undefined = browserStorage(),
): View {
  const known = read(place)
  const layout = signal<Layout>(asked.layout ?? known.layout ?? 'grid')
  const details = signal(asked.details === true || known.details)
  const remember = () => {
    try {
      place?.setItem(REMEMBERED, `${layout.value}${details.value ? ' details' : ''}`)
    } catch (cause) {
      console.warn('The view is not remembered', cause)
    }
  }
  return {
    layout,
    details,
    choose: (next) => {
      layout.value = next
      remember()
    },
    showDetails: (on) => {
      details.value = on
      remember()
    },
  }
}
