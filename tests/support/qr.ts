import jsQR from 'jsqr'
import { PNG } from 'pngjs'

/**
 * Reads the QR code in a picture, as a phone's camera would.
 * @param png a PNG file, such as a screenshot
 * @returns the text of the code
 * @throws Error where the picture shows none that can be read
 */
export function readQr(png: Uint8Array): string {
  const { data, width, height } = PNG.sync.read(Buffer.from(png))
  const found = jsQR.default(new Uint8ClampedArray(data), width, height)
  if (!found) throw new Error(`The picture (${width} x ${height}) shows no QR code that can be read`)
  return found.data
}
