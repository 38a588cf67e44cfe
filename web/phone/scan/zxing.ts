/** ZXing as WebAssembly: a megabyte, so this module is loaded only where the platform reads no codes itself. */
import { prepareZXingModule, purgeZXingModule, readBarcodes } from 'zxing-wasm/reader'
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url'
import type { Decode } from './decode.ts'

/** Longer side of the picture that is searched, in pixels: enough for a code across a room, quick on a phone. */
const LONGEST = 1_280

// Unsaid, it would come from a public CDN. One object, so that a second scan finds the module ready.
const overrides = { locateFile: () => wasm }

const start = async () => {
  try {
    await prepareZXingModule({ overrides, fireImmediately: true })
  } catch (cause) {
    // It would remember the failure, and the network may be back.
    purgeZXingModule()
    throw cause
  }
}

/**
 * Loads and starts the module.
 * @throws where the server does not answer, or the page's policy forbids WebAssembly
 */
export const openZxing = async (): Promise<Decode> => {
  await start()
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('This browser gives no canvas')

  return async (video) => {
    const { videoWidth, videoHeight } = video
    if (videoWidth === 0 || videoHeight === 0) return []
    const scale = Math.min(1, LONGEST / Math.max(videoWidth, videoHeight))
    canvas.width = Math.round(videoWidth * scale)
    canvas.height = Math.round(videoHeight * scale)
    context.drawImage(video, 0, 0, canvas.width, canvas.height)
    const picture = context.getImageData(0, 0, canvas.width, canvas.height)
    const found = await readBarcodes(picture, { formats: ['QRCode'], maxNumberOfSymbols: 4 })
    return found.map(({ text }) => text)
  }
}
