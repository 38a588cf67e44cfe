import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import icon from '../ui/favicon.svg'

/** A page with one thing to say and one or two things to do. */
export function NotePage({ title, children }: { title: string; children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Pairlens`
    // What had the focus is gone with the page before: who listens is told where they are now.
    if (document.activeElement === document.body) heading.current?.focus()
  }, [title])
  return (
    <main class="room alone whole-page">
      <section class="note-page">
        <img src={icon} alt="" width="40" height="40" />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </section>
    </main>
  )
}

/** For the blink that an answer takes: words would only flash. */
export const BlankPage = () => <main class="room alone whole-page" aria-busy="true" aria-label="Loading" />
