import { signal } from '@preact/signals'

type Toast = {
  key: number
  text: string
  timer: ReturnType<typeof setTimeout>
  action?: { label: string; run: () => void }
}

const SHOWN_FOR = 6_000
const toasts = signal<readonly Toast[]>([])
let last = 0

/** Says in a floating line what happened; it goes by itself after six seconds. */
export function toast(text: string, action?: Toast['action']): void {
  const key = ++last
  const timer = setTimeout(() => dismiss(key), SHOWN_FOR)
  for (const old of toasts.value.slice(0, -2)) dismiss(old.key)
  toasts.value = [...toasts.value, { key, text, timer, ...(action ? { action } : {}) }]
}

function dismiss(key: number): void {
  clearTimeout(toasts.value.find((one) => one.key === key)?.timer)
  toasts.value = toasts.value.filter((one) => one.key !== key)
}

/** Where toasts appear; render it once a page. Being a live region, it reads them out too. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div class="toast" key={one.key}>
          <span>{one.text}</span>
          {one.action && (
            <button
              type="button"
              class="link-button"
              onClick={() => {
                one.action?.run()
                dismiss(one.key)
              }}
            >
              {one.action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  )
}
