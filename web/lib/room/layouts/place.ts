/** Where each tile stands. All of it is arithmetic in CSS pixels from the stage's corner. */
import { layRows, type TileBox } from '../rows.ts'
import type { Layout } from './layout.ts'

/** What a layout has to work with. */
export interface Stage {
  readonly width: number
  readonly height: number
  /** Width / height of each tile's picture, in order. */
  readonly aspects: readonly number[]
  /** Between tiles. */
  readonly gap: number
  /** Which one `spotlight` shows large. */
  readonly front: number
  /** Boxes fill the stage and cut pictures, instead of having their shapes. */
  readonly fill: boolean
}

/** Of the small tiles beside a large one. */
const STRIP_ASPECT = 16 / 9
/** How much of the stage's width or height the strip may take. */
const STRIP_SHARE = 0.22
/** Wanted shape of equal cells. */
const CELL_ASPECT = 16 / 9

/** The largest box of this shape in the middle of another. */
function inside(area: TileBox, aspect: number): TileBox {
  const width = Math.min(area.width, area.height * aspect)
  const height = width / aspect
  return {
    x: area.x + (area.width - width) / 2,
    y: area.y + (area.height - height) / 2,
    width,
    height,
  }
}

/** Cuts a length into equal parts with gaps between: where the one at `index` begins, and how long each is. */
const cut = (length: number, count: number, gap: number) => {
  const each = Math.max(0, (length - gap * (count - 1)) / count)
  return { each, at: (index: number) => index * (each + gap) }
}

/** Equal columns where the stage is wide, equal rows where it is high. */
function laySide({ width, height, aspects, gap }: Stage): TileBox[] {
  const isWide = width >= height
  const { each, at } = cut(isWide ? width : height, aspects.length, gap)
  return aspects.map((_, index) =>
    isWide ? { x: at(index), y: 0, width: each, height } : { x: 0, y: at(index), width, height: each },
  )
}

/** Rows of cells that fill the stage; a shorter last row has wider cells. */
function layCells({ width, height, aspects, gap }: Stage): TileBox[] {
  const count = aspects.length
  const shapeOf = (rows: number) => {
    const columns = cut(width, Math.ceil(count / rows), gap)
    return columns.each / Math.max(1, cut(height, rows, gap).each)
  }
  let rows = 1
  for (let more = 2; more <= count; more += 1) {
    const isBetter =
      Math.abs(Math.log(shapeOf(more) / CELL_ASPECT)) < Math.abs(Math.log(shapeOf(rows) / CELL_ASPECT))
    if (isBetter) rows = more
  }
  const down = cut(height, rows, gap)
  return Array.from({ length: rows }, (_, row) => {
    const first = Math.floor((row * count) / rows)
    const across = cut(width, Math.floor(((row + 1) * count) / rows) - first, gap)
    return Array.from({ length: Math.floor(((row + 1) * count) / rows) - first }, (__, column) => ({
      x: across.at(column),
      y: down.at(row),
      width: across.each,
      height: down.each,
    }))
  }).flat()
}

/** One large tile and the others in a strip at its right or below it, whichever leaves it larger. */
function laySpotlight(stage: Stage): TileBox[] {
  const { width, height, aspects, gap, fill } = stage
  const front = Math.min(Math.max(0, stage.front), aspects.length - 1)
  const others = aspects.length - 1
  const shape = (area: TileBox) => (fill ? area : inside(area, aspects[front] ?? STRIP_ASPECT))
  if (others === 0) return [shape({ x: 0, y: 0, width, height })]

  const atRight = () => {
    const most = cut(height, others, gap).each
    const tall = Math.min(most, (width * STRIP_SHARE) / STRIP_ASPECT)
    const wide = tall * STRIP_ASPECT
    const large = shape({ x: 0, y: 0, width: Math.max(0, width - wide - gap), height })
    const top = (height - others * tall - gap * (others - 1)) / 2
    const strip = (index: number): TileBox => ({
      x: width - wide,
      y: top + index * (tall + gap),
      width: wide,
      height: tall,
    })
    return { large, strip }
  }
  const below = () => {
    const most = cut(width, others, gap).each
    const wide = Math.min(most, height * STRIP_SHARE * STRIP_ASPECT)
    const tall = wide / STRIP_ASPECT
    const large = shape({ x: 0, y: 0, width, height: Math.max(0, height - tall - gap) })
    const left = (width - others * wide - gap * (others - 1)) / 2
    const strip = (index: number): TileBox => ({
      x: left + index * (wide + gap),
      y: height - tall,
      width: wide,
      height: tall,
    })
    return { large, strip }
  }
  const area = ({ large }: { large: TileBox }) => large.width * large.height
  const right = atRight()
  const under = below()
  const { large, strip } = area(right) >= area(under) ? right : under
  return aspects.map((_, index) => (index === front ? large : strip(index < front ? index : index - 1)))
}

/** Moves boxes that leave room below them to the middle. */
export function centred(boxes: readonly TileBox[], height: number): TileBox[] {
  const used = Math.max(0, ...boxes.map((box) => box.y + box.height))
  return boxes.map((box) => ({ ...box, y: box.y + Math.max(0, (height - used) / 2) }))
}

/** A box for each picture, in their order. */
export function placeTiles(layout: Layout, stage: Stage): TileBox[] {
  const { width, height, aspects, gap, fill } = stage
  if (aspects.length === 0) return []
  switch (layout) {
    case 'grid':
      return fill ? layCells(stage) : layRows(width, height, aspects, gap)
    case 'spotlight':
      return laySpotlight(stage)
    case 'side':
      return laySide(stage)
  }
}
