/** The kinds of controls that the panel is made of. Each says its own failure. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { Range } from '../../lib/direction/settings.ts'
import type { Setting } from './use-setting.ts'

export function Fault({ words }: { words: string | undefined }) {
  return (
    <p class="control-fault" role="alert">
      {words}
    </p>
  )
}

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useId()
  return (
    <section class="controls-section" aria-labelledby={heading}>
      <h3 id={heading}>{title}</h3>
      {children}
    </section>
  )
}

export function Toggle({
  label,
  about,
  setting,
  disabled = false,
}: {
  label: string
  about?: string
  setting: Setting<boolean>
  disabled?: boolean
}) {
  return (
    <div class="control" aria-busy={setting.busy}>
      <label class="option">
        <input
          type="checkbox"
          checked={setting.value}
          disabled={disabled}
          onChange={(event) => setting.set(event.currentTarget.checked)}
        />
        <span class="option-words">
          {label}
          {about !== undefined && <span class="muted small">{about}</span>}
        </span>
      </label>
      <Fault words={setting.fault} />
    </div>
  )
}

interface Choices<T> {
  label: string
  options: readonly { readonly value: T; readonly name: string }[]
  setting: Setting<T>
}

/** A few choices side by side. */
export function Segments<T extends string | number>({ label, options, setting }: Choices<T>) {
  const group = useId()
  return (
    <div class="control" aria-busy={setting.busy}>
      <fieldset class="segments">
        <legend class="control-label">{label}</legend>
        <div class="choice" style={{ '--choices': String(options.length) }}>
          {options.map(({ value, name }) => (
            <label key={value} data-chosen={value === setting.value ? '' : undefined}>
              <input
                type="radio"
                name={group}
                checked={value === setting.value}
                onChange={() => setting.set(value)}
              />
              {name}
            </label>
          ))}
        </div>
      </fieldset>
      <Fault words={setting.fault} />
    </div>
  )
}

/** Many choices, of which one is shown; `other` says a value that is none of them. */
export function Select<T extends string | number>({
  label,
  options,
  setting,
  other = () => '–',
}: Choices<T> & { other?: (value: T) => string }) {
  const id = useId()
  const known = options.some(({ value }) => value === setting.value)
  return (
    <div class="control" aria-busy={setting.busy}>
      <div class="field">
        <label for={id}>{label}</label>
        <select
          class="select"
          id={id}
          value={known ? String(setting.value) : ''}
          onChange={(event) => {
            const chosen = options.find(({ value }) => String(value) === event.currentTarget.value)
            if (chosen) setting.set(chosen.value)
          }}
        >
          {!known && <option value="">{other(setting.value)}</option>}
          {options.map(({ value, name }) => (
            <option key={value} value={String(value)}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Fault words={setting.fault} />
    </div>
  )
}

export function Slider({
  label,
  range,
  words,
  setting,
}: {
  label: string
  range: Range
  /** The value as it is said. */
  words: (value: number) => string
  setting: Setting<number>
}) {
  const id = useId()
  const said = words(setting.value)
  return (
    <div class="control" aria-busy={setting.busy}>
      <div class="slider">
        <label class="control-label" for={id}>
          {label}
        </label>
        <output class="slider-value" for={id}>
          {said}
        </output>
        <input
          id={id}
          type="range"
          min={range.min}
          max={range.max}
          step={range.step}
          value={setting.value}
          aria-valuetext={said}
          onInput={(event) => setting.set(event.currentTarget.valueAsNumber)}
        />
      </div>
      <Fault words={setting.fault} />
    </div>
  )
}
