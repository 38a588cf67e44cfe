/** How loud what comes is. */
import type { Disposer } from '../../lib/disposer.ts'

/** Milliseconds between two readings: quick enough for the eye. */
const EVERY = 120
/** What is shown as nothing, in decibels below the loudest: quieter is the room itself. */
const FLOOR = -60

interface AudioEntry {
  readonly type: string
  readonly kind?: string
  readonly totalAudioEnergy?: number
  readonly totalSamplesDuration?: number
}

/** As people hear it: 0 to 1, from the mean energy of a while (W3C webrtc-stats, totalAudioEnergy). */
export const loudness = (energy: number): number =>
  energy <= 0 ? 0 : Math.min(1, Math.max(0, 1 - (10 * Math.log10(energy)) / FLOOR))

/** Tells the level, 0 to 1, of what a receiver decodes. */
export const watchLevel = (
  receiver: Pick<RTCRtpReceiver, 'getStats'>,
  tell: (level: number) => void,
): Disposer => {
  let ended = false
  let before: { readonly energy: number; readonly duration: number } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const look = async () => {
    try {
      const report = await receiver.getStats()
      if (ended) return
      report.forEach((entry: AudioEntry) => {
        if (entry.type !== 'inbound-rtp' || entry.kind !== 'audio') return
        const now = { energy: entry.totalAudioEnergy ?? 0, duration: entry.totalSamplesDuration ?? 0 }
        const passed = before ? now.duration - before.duration : 0
        tell(before && passed > 0 ? loudness((now.energy - before.energy) / passed) : 0)
        before = now
      })
    } catch (cause) {
      if (!ended) console.warn('The level of the sound is not told', cause)
    }
    if (!ended) timer = setTimeout(() => void look(), EVERY)
  }
  void look()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
