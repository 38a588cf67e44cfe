/** Which form relayed pictures are sent in, and how it is asked for (W3C webcodecs). */
import { JPEG } from '../../../server/protocol/frames.ts'

/** In the order of preference: measured at 720p30, H.264 takes 10 ms, VP8 13, JPEG 18 at 3.5 times the bytes. */
export const FAMILIES = ['h264', 'vp8', 'jpeg'] as const
export type Family = (typeof FAMILIES)[number]

export type Supports = (config: VideoEncoderConfig) => Promise<boolean>

export interface Size {
  /** Pixels. */
  readonly width: number
  readonly height: number
}

/** Constrained Baseline (ITU-T H.264, annex A), by the macroblocks that a level's pictures may have at 30 a second. */
const H264_LEVELS = [
  { macroblocks: 3_600, codec: 'avc1.42e01f' },
  { macroblocks: 8_160, codec: 'avc1.42e028' },
  { macroblocks: 36_864, codec: 'avc1.42e033' },
] as const

const h264For = ({ width, height }: Size): string | undefined => {
  const wanted = Math.ceil(width / 16) * Math.ceil(height / 16)
  return H264_LEVELS.find(({ macroblocks }) => wanted <= macroblocks)?.codec
}

/** Encoders of 4:2:0 pictures take even sides alone. */
const even = (pixels: number): number => Math.max(2, pixels - (pixels % 2))

const configOf = (family: 'h264' | 'vp8', size: Size): VideoEncoderConfig | undefined => {
  const codec = family === 'h264' ? h264For(size) : 'vp8'
  if (codec === undefined) return undefined
  return {
    codec,
    width: even(size.width),
    height: even(size.height),
    latencyMode: 'realtime',
    ...(family === 'h264' ? { avc: { format: 'annexb' } } : {}),
  }
}

/**
 * The first of the allowed families that this browser encodes at this size; undefined where it is none but JPEG.
 * An encoder that is asked and throws supports nothing.
 */
export const chooseVideo = async (
  allowed: readonly Family[],
  size: Size,
  supports: Supports,
): Promise<{ readonly family: Family; readonly config: VideoEncoderConfig } | undefined> => {
  for (const family of FAMILIES) {
    if (family === 'jpeg' || !allowed.includes(family)) continue
    const config = configOf(family, size)
    if (config && (await supports(config))) return { family, config }
  }
  return undefined
}

/** The families in both lists, in the order of preference. JPEG is what everybody shows. */
export const common = (lists: readonly (readonly Family[])[]): readonly Family[] =>
  FAMILIES.filter((family) => family === 'jpeg' || lists.every((list) => list.includes(family)))

/** The family of a codec as the frames of pictures name it (server/protocol/frames.ts). */
export const familyOf = (codec: string): Family =>
  codec === JPEG ? 'jpeg' : codec.startsWith('vp8') ? 'vp8' : 'h264'

/** Smallest of what is sent, so that a level too high for this device's decoder rules none out. */
const SHOWN_AS = { h264: H264_LEVELS[0].codec, vp8: 'vp8' } as const

const decodes = async (config: VideoDecoderConfig): Promise<boolean> => {
  if (typeof VideoDecoder === 'undefined') return false
  try {
    return (await VideoDecoder.isConfigSupported(config)).supported === true
  } catch (cause) {
    console.warn(`This browser does not say whether it decodes ${config.codec}`, cause)
    return false
  }
}

/**
 * What this browser shows of relayed pictures, in the order of preference. Having WebCodecs is not enough: Firefox
 * and WebKit on Linux have H.264 only where the system has a decoder for it.
 */
export const shownHere = async (supports = decodes): Promise<readonly Family[]> => {
  const answers = await Promise.all(
    (['h264', 'vp8'] as const).map(async (family) => {
      const isShown = await supports({ codec: SHOWN_AS[family], optimizeForLatency: true })
      return isShown ? family : undefined
    }),
  )
  return FAMILIES.filter((family) => family === 'jpeg' || answers.includes(family))
}
