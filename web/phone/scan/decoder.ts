/** Reads QR codes off a video: by the platform where it can, else by a WebAssembly module of this server. */

import type { Decode } from './decode.ts'

// Not in the DOM types: WICG shape-detection.
interface NativeDetector {
  detect(image: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>
}
interface NativeDetectorClass {
  new (options: { formats: readonly string[] }): NativeDetector
  getSupportedFormats(): Promise<readonly string[]>
}

const openNative = async (): Promise<Decode | undefined> => {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: NativeDetectorClass }
  if (!BarcodeDetector) return undefined
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes('qr_code')) return undefined
    const detector = new BarcodeDetector({ formats: ['qr_code'] })
    return async (video) => (await detector.detect(video)).map(({ rawValue }) => rawValue)
  } catch (cause) {
    console.warn('The platform does not read codes', cause)
    return undefined
  }
}

const openModule = async (): Promise<Decode> => (await import('./zxing.ts')).openZxing()

/**
 * Opens a reader.
 * @throws what loading the module threw, where the platform has no reader and the server does not answer
 */
export const openDecoder = async (): Promise<Decode> => {
  const native = await openNative()
  if (!native) return openModule()
  let decode: Decode = async (video) => {
    try {
      return await native(video)
    } catch (cause) {
      // Android without its services has the class and refuses each picture.
      console.warn('The platform does not read this picture', cause)
      decode = await openModule()
      return decode(video)
    }
  }
  return (video) => decode(video)
}
