import type { ComponentChildren } from 'preact'
import icon from '../ui/favicon.svg'

interface Props {
  /** The room's name, as the page's heading. */
  name: ComponentChildren
  /** What there is to know and do; a second row on narrow windows. */
  second: ComponentChildren
  /** Last of the first row. */
  end?: ComponentChildren
}

/** The line above the pictures. */
export function Bar({ name, second, end }: Props) {
  return (
    <header class="bar">
      <span class="brand">
        <img src={icon} alt="" />
        <span>Pairlens</span>
      </span>
      {name}
      <span class="bar-gap" />
      <div class="bar-second">{second}</div>
      {end}
    </header>
  )
}
