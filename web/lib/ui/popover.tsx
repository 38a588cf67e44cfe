import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { Button, IconButton } from './button.tsx'

type Props = {
  /** What stands on the button. */
  button: ComponentChildren
  /** Names the button where `button` is an icon alone. */
  iconLabel?: string
  /** Names what opens. */
  label: string
  class?: string
  children: (close: () => void) => ComponentChildren
}

/**
 * A button and what it opens below itself. Not the popover attribute: Safari 16 and Firefox 115 lack it.
 * Escape and a press elsewhere close it; Escape gives the focus back to the button.
 */
export function Popover({ button, iconLabel, label, class: more, children }: Props) {
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLSpanElement>(null)
  const panel = useId()
  const close = () => setOpen(false)

  useEffect(() => {
    if (!open) return
    const stop = new AbortController()
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !anchor.current?.contains(event.target)) close()
    }
    document.addEventListener('pointerdown', elsewhere, { signal: stop.signal })
    document.addEventListener('focusin', elsewhere, { signal: stop.signal })
    document.addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Escape') return
        close()
        anchor.current?.querySelector('button')?.focus()
      },
      { signal: stop.signal },
    )
    return () => stop.abort()
  }, [open])

  const props = {
    'aria-expanded': open,
    'aria-controls': open ? panel : undefined,
    onClick: () => setOpen(!open),
    ...(more === undefined ? {} : { class: more }),
  }
  return (
    <span class="popover-anchor" ref={anchor}>
      {iconLabel === undefined ? (
        <Button look="bare" {...props}>
          {button}
        </Button>
      ) : (
        <IconButton label={iconLabel} {...props}>
          {button}
        </IconButton>
      )}
      {open && (
        <div class="popover" id={panel} role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </span>
  )
}
