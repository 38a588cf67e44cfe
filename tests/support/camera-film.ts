/** Films for a browser's fake camera (`ChromiumOptions.video`). */
import { open } from 'node:fs/promises'
import { PNG } from 'pngjs'

const FPS = 10
const FRAMES = 10
/** Side of the mark that wanders along the upper edge, so that the picture moves. Pixels. */
const MARK = 16

const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)))

/** One frame as planes Y, U, V, the latter two at half the size (ITU-R BT.601, as y4m's C420 has it). */
const toPlanes = ({ data, width, height }: PNG): Buffer => {
  const luma = Buffer.alloc(width * height)
  const chroma = [Buffer.alloc((width * height) / 4), Buffer.alloc((width * height) / 4)] as const
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4
      const red = data[at] ?? 0
      const green = data[at + 1] ?? 0
      const blue = data[at + 2] ?? 0
      luma[y * width + x] = clamp(16 + 0.257 * red + 0.504 * green + 0.098 * blue)
      if (x % 2 === 0 && y % 2 === 0) {
        const half = (y / 2) * (width / 2) + x / 2
        chroma[0][half] = clamp(128 - 0.148 * red - 0.291 * green + 0.439 * blue)
        chroma[1][half] = clamp(128 + 0.439 * red - 0.368 * green - 0.071 * blue)
      }
    }
  }
  return Buffer.concat([luma, ...chroma])
}

/**
 * Writes a second of film that shows the picture, with a mark in motion at its upper edge.
 * @param path of the y4m file
 * @param png a PNG file, such as a screenshot, whose sides are even
 */
export async function filmOf(path: string, png: Uint8Array): Promise<void> {
  const picture = PNG.sync.read(Buffer.from(png))
  const { width, height } = picture
  if (width % 2 !== 0 || height % 2 !== 0) throw new Error(`${width} x ${height} is no size for a film: odd`)
  const planes = toPlanes(picture)
  const file = await open(path, 'w')
  try {
    await file.write(`YUV4MPEG2 W${width} H${height} F${FPS}:1 Ip A1:1 C420jpeg\n`)
    for (let frame = 0; frame < FRAMES; frame += 1) {
      const marked = Buffer.from(planes)
      for (let y = 0; y < MARK; y += 1) {
        const start = y * width + frame * MARK
        marked.fill(frame % 2 === 0 ? 16 : 235, start, start + MARK)
      }
      await file.write('FRAME\n')
      await file.write(marked)
    }
  } finally {
    await file.close()
  }
}
