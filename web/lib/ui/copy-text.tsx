import { useEffect, useRef, useState } from 'preact/hooks'
import { Check, Copy } from 'lucide-preact'
import { IconButton } from './button.tsx'

/** Copies by the clipboard API, or by selecting where the page is no secure context (plain http on a LAN). */
export async function copyText(text: string, element: HTMLElement | null): Promise<boolean> {
  if (window.isSecureContext) {
    const written = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
    if (written) return true
  }
  if (!element) return false
  const selection = getSelection()
  selection?.selectAllChildren(element)
  const copied = document.execCommand('copy')
  // Left selected when copying is refused, so that the person can do it by hand.
  if (copied) selection?.removeAllRanges()
  return copied
}

/** A line of text with a button that copies it. `label` says what is copied. */
export function CopyText({ text, label }: { text: string; label: string }) {
  const line = useRef<HTMLSpanElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [done, setDone] = useState(false)
  useEffect(() => () => clearTimeout(timer.current), [])

  const press = async () => {
    const copied = await copyText(text, line.current)
    setDone(copied)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setDone(false), 2_000)
  }
  return (
    <span class="copy-text">
      <span class="copy-text-line" ref={line}>
        {text}
      </span>
      <IconButton label={done ? 'Copied' : `Copy ${label}`} onClick={() => void press()}>
        {done ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
      </IconButton>
      <span class="visually-hidden" role="status">
        {done ? 'Copied' : ''}
      </span>
    </span>
  )
}
