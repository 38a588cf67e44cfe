import { Columns2, LayoutGrid, PanelRight, type LucideIcon } from 'lucide-preact'
import { ASSUMED_MS } from '../../delay.ts'
import { Popover } from '../../ui/popover.tsx'
import { LAYOUT_NAMES, LAYOUTS, type Layout } from './layout.ts'
import type { View } from './view.ts'

const ICONS: Record<Layout, LucideIcon> = {
  grid: LayoutGrid,
  spotlight: PanelRight,
  side: Columns2,
}

/** How the pictures stand, and whether they tell their numbers. */
export function ViewMenu({ view }: { view: View }) {
  const chosen = view.layout.value
  const Icon = ICONS[chosen]
  return (
    <Popover label="View" iconLabel="View" button={<Icon size={20} aria-hidden="true" />}>
      {() => (
        <div class="view-menu">
          <fieldset class="view-layouts">
            <legend class="visually-hidden">Layout</legend>
            {LAYOUTS.map((layout) => {
              const Sign = ICONS[layout]
              return (
                <label key={layout} data-chosen={layout === chosen ? '' : undefined}>
                  <input
                    type="radio"
                    name="layout"
                    value={layout}
                    checked={layout === chosen}
                    onChange={() => view.choose(layout)}
                  />
                  <Sign size={20} aria-hidden="true" />
                  {LAYOUT_NAMES[layout]}
                </label>
              )
            })}
          </fieldset>
          <label class="view-details">
            <input
              type="checkbox"
              checked={view.details.value}
              onChange={(event) => view.showDetails(event.currentTarget.checked)}
            />
            <span>
              Details
              <span class="muted small">
                {`What each picture’s way carries. “Camera to screen” is an estimate: what is measured on the way,` +
                  ` and ${ASSUMED_MS} ms for the camera, its encoder and this screen.`}
              </span>
            </span>
          </label>
        </div>
      )}
    </Popover>
  )
}
