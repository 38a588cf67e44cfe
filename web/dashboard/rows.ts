/** Where one tile stands, in CSS pixels from the stage's corner. */
export interface TileBox {
  x: number
  y: number
  width: number
  height: number
}

/** Splits into rows of about equal length, in order. */
function split(aspects: readonly number[], rows: number): number[][] {
  const target = aspects.reduce((sum, aspect) => sum + aspect, 0) / rows
  const result: number[][] = [[]]
  let filled = 0
  aspects.forEach((aspect, index) => {
    const row = result.at(-1) ?? []
    const rowsAfter = rows - result.length
    const tilesLeft = aspects.length - index
    // A tile belongs to the row in which its middle falls; every later row must get one.
    const next = row.length > 0 && rowsAfter > 0
      && (filled + aspect / 2 > target * result.length || tilesLeft <= rowsAfter)
    if (next) result.push([aspect])
    else row.push(aspect)
    filled += aspect
  })
  return result
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
    const wide = rows.map((row) =>
      Math.max(0, width - gap * (row.length - 1)) / row.reduce((sum, aspect) => sum + aspect, 0))
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
