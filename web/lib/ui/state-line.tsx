import type { ComponentChildren } from 'preact'

/** Colour of a state; the shape and the words say the same without it. */
export type Tone = 'accent' | 'caution' | 'danger' | 'muted'
/** Shape of a state, so that it is told apart without colour. */
export type ShapeKind = 'full' | 'half' | 'dashed' | 'empty' | 'square' | 'triangle'

const paths: Record<ShapeKind, ComponentChildren> = {
  full: <circle cx="5" cy="5" r="4.5" fill="currentColor" />,
  half: (
    <>
      <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M5 1a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  dashed: (
    <circle
      cx="5"
      cy="5"
      r="4"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-dasharray="2.1 2.1"
    />
  ),
  empty: <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.5" />,
  square: <rect x="1" y="1" width="8" height="8" rx="1" fill="currentColor" />,
  triangle: <path d="M5 .8 9.7 9.2H.3z" fill="currentColor" />,
}

/** The small mark before a state's words. */
export function Shape({ kind, tone = 'muted' }: { kind: ShapeKind; tone?: Tone }) {
  return (
    <svg class="shape" data-tone={tone} viewBox="0 0 10 10" aria-hidden="true">
      {paths[kind]}
    </svg>
  )
}

/** A state: its shape, then its words. */
export function StateLine({
  kind,
  tone,
  children,
}: {
  kind: ShapeKind
  tone?: Tone
  children: ComponentChildren
}) {
  return (
    <span class="state-line">
      <Shape kind={kind} {...(tone ? { tone } : {})} />
      <span>{children}</span>
    </span>
  )
}
