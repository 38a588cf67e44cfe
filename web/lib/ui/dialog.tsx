import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { X } from 'lucide-preact'
import { Button, IconButton } from './button.tsx'

type Props = { title: string; onClose: () => void; children: ComponentChildren; class?: string }

/**
 * A modal dialog that is open while it is rendered. Escape, the cross and a press beside it call `onClose`;
 * the browser keeps focus inside and gives it back.
 */
export function Dialog({ title, onClose, children, class: more }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  const heading = useId()

  useLayoutEffect(() => {
    const dialog = element.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])

  return (
    <dialog
      ref={element}
      class={more ? `dialog ${more}` : 'dialog'}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClose={(event) => {
        // Chromium lets an Escape without a click before it close the dialog without asking (CloseWatcher).
        if (event.currentTarget.isConnected && !event.currentTarget.open) onClose()
      }}
      onPointerDown={(event) => {
        // The dialog itself is hit only outside its padding box, that is on the backdrop.
        const box = event.currentTarget.getBoundingClientRect()
        const inside =
          event.clientX >= box.left &&
          event.clientX <= box.right &&
          event.clientY >= box.top &&
          event.clientY <= box.bottom
        if (event.target === event.currentTarget && !inside) onClose()
      }}
    >
      <div class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={20} aria-hidden="true" />
        </IconButton>
      </div>
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}

type ConfirmProps = {
  title: string
  /** The verb of the deed, as the button's word. */
  confirm: string
  danger?: boolean
  busy?: boolean
  onConfirm: () => void
  onClose: () => void
  children: ComponentChildren
}

/** Asks before something is taken away. The safe answer has the focus. */
export function Confirm({
  title,
  confirm,
  danger = true,
  busy = false,
  onConfirm,
  onClose,
  children,
}: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div>{children}</div>
      <div class="dialog-actions">
        <Button autofocus onClick={onClose}>
          Cancel
        </Button>
        <Button look={danger ? 'danger' : 'primary'} onClick={onConfirm} disabled={busy}>
          {confirm}
        </Button>
      </div>
    </Dialog>
  )
}
