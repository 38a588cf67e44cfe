import { beforeEach, describe, expect, it, vi } from 'vitest'
import { openDecoder } from '../../web/phone/scan/decoder.ts'

const byModule = vi.fn(() => Promise.resolve(['by the module']))
const openZxing = vi.fn(() => Promise.resolve(byModule))
vi.mock('../../web/phone/scan/zxing.ts', () => ({ openZxing }))

const video = {} as HTMLVideoElement
const native = (formats: readonly string[], detect: () => Promise<{ rawValue: string }[]>) => {
  const asked: unknown[] = []
  class BarcodeDetector {
    static getSupportedFormats = () => Promise.resolve(formats)
    detect = detect
    constructor(options: unknown) {
      asked.push(options)
    }
  }
  vi.stubGlobal('BarcodeDetector', BarcodeDetector)
  return asked
}

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  openZxing.mockReset().mockResolvedValue(byModule)
})

describe('the reader of codes', () => {
  it('is the platform’s own where it reads QR codes, and the module is not loaded', async () => {
    const asked = native(['aztec', 'qr_code'], () =>
      Promise.resolve([{ rawValue: 'one' }, { rawValue: 'two' }]),
    )
    const decode = await openDecoder()
    expect(await decode(video)).toEqual(['one', 'two'])
    expect(asked).toEqual([{ formats: ['qr_code'] }])
    expect(openZxing).not.toHaveBeenCalled()
  })

  it('is the module where the platform has none', async () => {
    expect(await (await openDecoder())(video)).toEqual(['by the module'])
  })

  it('is the module where the platform reads other codes only', async () => {
    native(['ean_13'], () => Promise.reject(new Error('not asked')))
    expect(await (await openDecoder())(video)).toEqual(['by the module'])
  })

  it('is the module where asking the platform fails', async () => {
    native([], () => Promise.resolve([]))
    const { BarcodeDetector } = globalThis as unknown as { BarcodeDetector: { getSupportedFormats: unknown } }
    BarcodeDetector.getSupportedFormats = () => Promise.reject(new Error('no service'))
    expect(await (await openDecoder())(video)).toEqual(['by the module'])
  })

  it('changes to the module, once, where the platform refuses a picture', async () => {
    const detect = vi.fn(() => Promise.reject(new Error('Barcode detection service unavailable')))
    native(['qr_code'], detect)
    const decode = await openDecoder()
    expect(await decode(video)).toEqual(['by the module'])
    expect(await decode(video)).toEqual(['by the module'])
    expect(detect).toHaveBeenCalledTimes(1)
    expect(openZxing).toHaveBeenCalledTimes(1)
  })

  it('says that it did not load', async () => {
    openZxing.mockRejectedValue(new Error('offline'))
    await expect(openDecoder()).rejects.toThrow('offline')
  })
})
