/** The camera itself: which of them, and what can be set of it. Shows what it has, and nothing else. */
import type { Abilities, Facing, Range, Settings } from '../../lib/direction/settings.ts'
import { Segments, Select, Slider, Toggle } from './parts.tsx'
import type { Ask } from './ask.ts'
import { useSetting } from './use-setting.ts'

interface Props {
  can: Abilities
  set: Settings
  ask: Ask
}

const SIDES = [
  { value: 'front', name: 'Front' },
  { value: 'back', name: 'Back' },
] as const

function Side({ facing, ask }: { facing: Facing; ask: Ask }) {
  const setting = useSetting<Facing>(facing, (to) => ask('facing', { to }))
  return <Segments label="Camera" options={SIDES} setting={setting} />
}

function LensChoice({
  lenses,
  lens,
  ask,
}: {
  lenses: NonNullable<Abilities['lenses']>
  lens: string
  ask: Ask
}) {
  const setting = useSetting(lens, (id) => ask('lens', { id }))
  return (
    <Select
      label="Lens"
      options={lenses.map(({ id, label }) => ({ value: id, name: label }))}
      setting={setting}
    />
  )
}

function Light({ on, ask }: { on: boolean; ask: Ask }) {
  return <Toggle label="Light" setting={useSetting(on, (next) => ask('light', { on: next }))} />
}

function Zoom({ range, zoom, ask }: { range: Range; zoom: number; ask: Ask }) {
  const setting = useSetting(zoom, (to) => ask('zoom', { to }))
  return <Slider label="Zoom" range={range} words={(value) => `${value.toFixed(1)}×`} setting={setting} />
}

/** Of a value without a unit that people know. */
const partOf = (range: Range) => (value: number) =>
  `${Math.round(((value - range.min) / (range.max - range.min)) * 100)}%`

const MODES = [
  { value: 'auto', name: 'Automatic' },
  { value: 'manual', name: 'By hand' },
] as const

function Focus({ range, set, ask }: { range: Range; set: NonNullable<Settings['focus']>; ask: Ask }) {
  const mode = useSetting(set.mode, (wanted) =>
    ask(
      'focus',
      wanted === 'auto' ? { mode: 'auto' } : { mode: 'manual', distance: set.distance ?? range.min },
    ),
  )
  const distance = useSetting(set.distance ?? range.min, (to) =>
    ask('focus', { mode: 'manual', distance: to }),
  )
  return (
    <>
      <Segments label="Focus" options={MODES} setting={mode} />
      {mode.value === 'manual' && (
        <Slider label="Focus distance" range={range} words={partOf(range)} setting={distance} />
      )}
    </>
  )
}

/** `time` counts 100 µs (W3C mediacapture-image). */
const timeWords = (time: number) => {
  const seconds = time / 10_000
  return seconds >= 0.5 ? `${seconds.toFixed(1)} s` : `1/${Math.round(1 / seconds)} s`
}
const evWords = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(1)} EV`

function Brightness({ range, value, ask }: { range: Range; value: number; ask: Ask }) {
  const setting = useSetting(value, (compensation) => ask('exposure', { mode: 'auto', compensation }))
  return <Slider label="Brightness" range={range} words={evWords} setting={setting} />
}

function ByHand({ range, set, ask }: { range: Range; set: NonNullable<Settings['exposure']>; ask: Ask }) {
  const mode = useSetting(set.mode, (wanted) =>
    ask('exposure', wanted === 'auto' ? { mode: 'auto' } : { mode: 'manual', time: set.time ?? range.min }),
  )
  const time = useSetting(set.time ?? range.min, (to) => ask('exposure', { mode: 'manual', time: to }))
  return (
    <>
      <Segments label="Exposure" options={MODES} setting={mode} />
      {mode.value === 'manual' && (
        <Slider label="Exposure time" range={range} words={timeWords} setting={time} />
      )}
    </>
  )
}

const sizeWords = (size: number) => (size > 0 ? `${size}p` : '–')
const rateWords = (fps: number) => (fps > 0 ? `${fps} fps` : '–')

function Quality({ can, set, ask }: Props) {
  const size = useSetting(set.size ?? 0, (to) => ask('quality', { size: to }))
  const fps = useSetting(set.fps ?? 0, (to) => ask('quality', { fps: to }))
  return (
    <div class="control-pair">
      {can.sizes && (
        <Select
          label="Resolution"
          options={can.sizes.map((value) => ({ value, name: sizeWords(value) }))}
          other={sizeWords}
          setting={size}
        />
      )}
      {can.fps && (
        <Select
          label="Frame rate"
          options={can.fps.map((value) => ({ value, name: rateWords(value) }))}
          other={rateWords}
          setting={fps}
        />
      )}
    </div>
  )
}

export function CameraControls({ can, set, ask, facing }: Props & { facing: Facing | undefined }) {
  const { lenses, exposure } = can
  const both = lenses?.some((one) => one.facing === 'front') && lenses.some((one) => one.facing === 'back')
  // Two cameras of which each has a side of its own are told apart by that.
  const plain = both && lenses?.length === 2
  return (
    <>
      {both && facing && <Side facing={facing} ask={ask} />}
      {lenses && !plain && <LensChoice lenses={lenses} lens={set.lens ?? ''} ask={ask} />}
      {can.light && <Light on={set.light} ask={ask} />}
      {can.zoom && <Zoom range={can.zoom} zoom={set.zoom ?? can.zoom.min} ask={ask} />}
      {can.focus && set.focus && <Focus range={can.focus} set={set.focus} ask={ask} />}
      {exposure?.time && set.exposure && <ByHand range={exposure.time} set={set.exposure} ask={ask} />}
      {exposure?.compensation && set.exposure?.mode !== 'manual' && (
        <Brightness range={exposure.compensation} value={set.exposure?.compensation ?? 0} ask={ask} />
      )}
      {(can.sizes || can.fps) && <Quality can={can} set={set} ask={ask} />}
    </>
  )
}
