/** How loud what comes is. */
import type { Disposer } from '../../lib/disposer.ts'

/** Milliseconds between two readings: quick enough for the eye. */
const EVERY = 120
/** What is shown as nothing, in decibels below the loudest: quieter is the room itself. */
const FLOOR = -60

/** As people hear it: 0 to 1, from a level that is linear (W3C webrtc, RTCRtpContributingSource.audioLevel). */
export const loudness = (level: number): number =>
  level <= 0 ? 0 : Math.min(1, Math.max(0, 1 - (20 * Math.log10(level)) / FLOOR))

/**
 * Tells the level, 0 to 1, of what a receiver is sent. Not by its statistics, which count what is played: nothing
 * while the element is muted (seen in Chromium).
 */
export const watchLevel = (
  receiver: Pick<RTCRtpReceiver, 'getSynchronizationSources'>,
  tell: (level: number) => void,
): Disposer => {
  const timer = setInterval(() => {
    const [source] = receiver.getSynchronizationSources()
    tell(loudness(source?.audioLevel ?? 0))
  }, EVERY)
  return () => clearInterval(timer)
}
