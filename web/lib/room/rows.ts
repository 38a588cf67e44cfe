/** Where one tile stands, in CSS pixels from the stage's corner. */
export interface TileBox {
  x: number
  y: number
  width: number
  height: number
}

/** Fills rows in order, none longer than `longest` unless a single tile is. */
function fill(aspects: readonly number[], longest: number): number[][] {
  const rows: number[][] = []
  let used = Infinity
  for (const aspect of aspects) {
    if (used + aspect > longest) {
      rows.push([])
      used = 0
    }
    rows.at(-1)?.push(aspect)
    used += aspect
  }
  return rows
}

/** Halvings after which the search below is finer than a pixel. */
const HALVINGS = 24

/** Splits into so many rows, or fewer, that the longest is as short as can be; what is left over comes last. */
function split(aspects: readonly number[], count: number): number[][] {
  let low = Math.max(...aspects)
  let high = aspects.reduce((sum, aspect) => sum + aspect, 0)
  // Sums of fractions come out differently in another order.
  const slack = high * 1e-9
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2
    if (fill(aspects, middle + slack).length > count) low = middle
    else high = middle
  }
  return fill(aspects, high + slack)
}

/** Lowers the highest rows until all fit into `height`. */
function fit(heights: readonly number[], height: number): number[] {
  let left = height
  let cap = 0
  const rising = [...heights].sort((a, b) => a - b)
  rising.forEach((each, index) => {
    cap = Math.min(each, left / (rising.length - index))
    left -= cap
  })
  return heights.map((each) => Math.min(each, cap))
}

/** Puts rows of the given heights below each other, each centred. */
function place(rows: readonly number[][], heights: readonly number[], width: number, gap: number): TileBox[] {
  let y = 0
  return rows.flatMap((row, index) => {
    const height = heights[index] ?? 0
    const used = row.reduce((sum, aspect) => sum + aspect * height, gap * (row.length - 1))
    let x = (width - used) / 2
    const boxes = row.map((aspect) => {
      const box = { x, y, width: aspect * height, height }
      x += box.width + gap
      return box
    })
    y += height + gap
    return boxes
  })
}

/**
 * Tiles in rows of equal height, each tile in its picture's shape, as large as they can be, from the top.
 * `aspects` are width / height of each picture.
 */
export function layRows(width: number, height: number, aspects: readonly number[], gap: number): TileBox[] {
  let best: TileBox[] = []
  let largest = -1
  for (let count = 1; count <= aspects.length; count += 1) {
    const rows = split(aspects, count)
    const wide = rows.map(
      (row) => Math.max(0, width - gap * (row.length - 1)) / row.reduce((sum, aspect) => sum + aspect, 0),
    )
    const boxes = place(rows, fit(wide, Math.max(0, height - gap * (rows.length - 1))), width, gap)
    // The smallest tile counts too: one giant beside stamps is not the best use of a window.
    const areas = boxes.map((box) => box.width * box.height)
    const worth = areas.reduce((sum, area) => sum + area, 0) + Math.min(...areas) * areas.length
    if (worth > largest) {
      largest = worth
      best = boxes
    }
  }
  return best
}
