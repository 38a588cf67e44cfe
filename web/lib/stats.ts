/** What a picture's way carries now; for a WebRTC connection read from its statistics (W3C webrtc-stats). */

import { createReceiveTiming, type ReceiveCounts, type ReceiveTiming } from './receive-timing.ts'

/** `p2p`: from device to device; `turn`: through a TURN server; `relay`: through this server. */
export type Transport = 'p2p' | 'turn' | 'relay'

/** Timing is told of what is received alone. */
export interface VideoStats extends ReceiveTiming {
  /** Pictures decoded (receiving) or encoded (sending) since the start. */
  readonly frames: number
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Frames a second; not told of a picture's first moment, whose burst says nothing. */
  readonly fps?: number
  /** Bits a second over the time since the reading before; 0 at the first. */
  readonly bitrate: number
  /** Round trip in milliseconds, where it is known: to the camera or, of relayed pictures, to the server. */
  readonly rttMs?: number
  readonly transport?: Transport
  /** Short name, such as VP8. */
  readonly codec?: string
  /** From the camera to this page in milliseconds, as far as both know the server's time; of relayed pictures alone. */
  readonly delayMs?: number
}

interface Entry extends ReceiveCounts {
  readonly id: string
  readonly type: string
  readonly kind?: string
  readonly framesEncoded?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly framesPerSecond?: number
  readonly bytesReceived?: number
  readonly bytesSent?: number
  readonly codecId?: string
  readonly mimeType?: string
  readonly selectedCandidatePairId?: string
  readonly localCandidateId?: string
  readonly remoteCandidateId?: string
  readonly currentRoundTripTime?: number
  readonly candidateType?: string
  readonly state?: string
  readonly nominated?: boolean
}

export interface StatsReader {
  read(): Promise<VideoStats>
}

const transportOf = (
  pair: Entry | undefined,
  find: (id: string | undefined) => Entry | undefined,
): Transport | undefined => {
  if (!pair) return undefined
  const types = [find(pair.localCandidateId)?.candidateType, find(pair.remoteCandidateId)?.candidateType]
  return types.includes('relay') ? 'turn' : 'p2p'
}

/** Reads one connection's video; keeps the reading before, for the bitrate. */
export const createStatsReader = (
  connection: Pick<RTCPeerConnection, 'getStats'>,
  direction: 'receiving' | 'sending',
): StatsReader => {
  let before: { bytes: number; at: number } | undefined
  const timing = createReceiveTiming()
  return {
    async read() {
      const report = await connection.getStats()
      const entries = new Map<string, Entry>()
      report.forEach((entry: Entry) => entries.set(entry.id, entry))
      const all = [...entries.values()]
      const find = (id: string | undefined) => (id === undefined ? undefined : entries.get(id))
      const type = direction === 'receiving' ? 'inbound-rtp' : 'outbound-rtp'
      const video = all.find((entry) => entry.type === type && entry.kind === 'video')
      // Firefox has no transport entry; there the nominated pair is the selected one.
      const pair =
        find(all.find((entry) => entry.type === 'transport')?.selectedCandidatePairId) ??
        all.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded')
      const bytes = (direction === 'receiving' ? video?.bytesReceived : video?.bytesSent) ?? 0
      const at = video?.timestamp ?? 0
      const bitrate =
        before && at > before.at ? Math.round(((bytes - before.bytes) * 8_000) / (at - before.at)) : 0
      before = { bytes, at }
      const transport = transportOf(pair, find)
      const codec = find(video?.codecId)?.mimeType?.split('/')[1]
      return {
        frames: (direction === 'receiving' ? video?.framesDecoded : video?.framesEncoded) ?? 0,
        width: video?.frameWidth ?? 0,
        height: video?.frameHeight ?? 0,
        fps: Math.round(video?.framesPerSecond ?? 0),
        bitrate,
        ...(pair?.currentRoundTripTime === undefined
          ? {}
          : { rttMs: Math.round(pair.currentRoundTripTime * 1_000) }),
        ...(transport === undefined ? {} : { transport }),
        ...(codec === undefined ? {} : { codec }),
        ...(video && direction === 'receiving' ? timing(video) : {}),
      }
    },
  }
}
