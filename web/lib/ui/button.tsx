import type { ButtonHTMLAttributes, ComponentChildren } from 'preact'

/**
 * How a button looks: `primary` is the one thing to do here, `quiet` another one, `bare` has no frame,
 * `danger` takes something away, `picture` lies on a video.
 */
export type ButtonLook = 'primary' | 'quiet' | 'bare' | 'danger' | 'picture'

type Own = {
  look?: ButtonLook
  /** `thumb` is 56 px high, for phones. */
  size?: 'normal' | 'thumb'
  /** Further classes. */
  class?: string
}

type Native = Omit<ButtonHTMLAttributes, 'size' | 'icon' | 'label' | 'class'>

export type ButtonProps = Native & Own & { children?: ComponentChildren }

/** A button with words; put an icon before the words as a child where it helps. */
export function Button({ look = 'quiet', size = 'normal', children, class: more, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={more ? `button ${more}` : 'button'}
      data-look={look}
      data-size={size}
    >
      {children}
    </button>
  )
}

/** A button that is an icon alone; `label` says what it does to those who hear the page and on hover. */
export function IconButton({
  look = 'bare',
  size = 'normal',
  label,
  children,
  class: more,
  ...rest
}: Native & Own & { label: string; children: ComponentChildren }) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      aria-label={label}
      class={more ? `button ${more}` : 'button'}
      data-look={look}
      data-size={size}
      data-icon=""
    >
      {children}
    </button>
  )
}
