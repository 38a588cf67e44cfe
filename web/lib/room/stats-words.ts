/** The numbers of a picture's way, in words with units. */
import { cameraToScreen } from '../delay.ts'
import type { Transport, VideoStats } from '../stats.ts'

/** One line of the overlay. */
export interface StatsLine {
  readonly name: string
  readonly value: string
}

const WAYS: Readonly<Record<Transport, string>> = {
  p2p: 'direct',
  turn: 'through a TURN server',
  relay: 'through the server',
}

const NAMES: Readonly<Record<string, string>> = {
  avc1: 'H.264',
  avc3: 'H.264',
  vp8: 'VP8',
  h264: 'H.264',
  jpeg: 'JPEG',
}

/** "H.264" for `avc1.42e01f` as for `H264`. */
export function codecWords(codec: string): string {
  const family = codec.split('.')[0]?.toLowerCase() ?? ''
  return NAMES[family] ?? codec.toUpperCase()
}

/** "2.4 Mbit/s", "180 kbit/s". */
export function bitrateWords(bitsPerSecond: number): string {
  const kilobits = bitsPerSecond / 1_000
  return kilobits < 1_000 ? `${Math.round(kilobits)} kbit/s` : `${(kilobits / 1_000).toFixed(1)} Mbit/s`
}

const line = (name: string, value: string | undefined): StatsLine[] =>
  value === undefined ? [] : [{ name, value }]
const when = <T>(value: T | undefined, words: (known: T) => string): string | undefined =>
  value === undefined ? undefined : words(value)

/** What is known, the most telling first. */
export function statsLines(stats: VideoStats, transport: Transport | undefined): readonly StatsLine[] {
  const { width, height, fps, bitrate, rttMs, lossPercent, codec } = stats
  const rate = fps === undefined ? '' : `, ${Math.round(fps)} fps`
  return [
    ...line('Picture', width > 0 ? `${width} × ${height}${rate}` : undefined),
    ...line('Bitrate', bitrateWords(bitrate)),
    ...line(
      'Camera to screen',
      when(cameraToScreen(stats), (ms) => `about ${ms} ms`),
    ),
    ...line(
      transport === 'relay' ? 'Server and back' : 'Round trip',
      when(rttMs, (ms) => `${ms} ms`),
    ),
    ...line(
      'Loss',
      when(lossPercent, (percent) => `${percent} %`),
    ),
    ...line('Codec', when(codec, codecWords)),
    ...line(
      'Way',
      when(transport, (way) => WAYS[way]),
    ),
  ]
}
