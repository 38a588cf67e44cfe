/** How tiles share the window. */
export const LAYOUTS = ['grid', 'spotlight', 'side'] as const
export type Layout = (typeof LAYOUTS)[number]

export const readLayout = (text: string | null | undefined): Layout | undefined =>
  LAYOUTS.find((layout) => layout === text)

export const LAYOUT_NAMES: Readonly<Record<Layout, string>> = {
  grid: 'Grid',
  spotlight: 'Spotlight',
  side: 'Side by side',
}
